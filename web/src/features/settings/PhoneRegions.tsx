import { Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { countries, country } from "@/lib/countries";
import { Button, IconButton } from "@/ui/Button";
import { MarkBadge, SelectField, type Mark } from "@/ui/Field";
import css from "./settings.module.css";

/** The countries whose phone numbers are taken; one stays, or nobody could be added. */
export function PhoneRegions({ regions, onChange, mark, error }: { regions: string[]; onChange: (regions: string[]) => void; mark: Mark | undefined; error?: string | undefined }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const place = useRef<HTMLDivElement>(null);
  // Who comes by a link to this finds it: the settings are read only when the page is there.
  useEffect(() => {
    if (location.hash === "#phone-regions") place.current?.scrollIntoView({ block: "center" });
  }, []);
  const shown = [...regions].sort((a, b) => country(a).localeCompare(country(b)));
  const add = () => {
    if (chosen) onChange([...regions, chosen]);
    setChosen(null);
  };
  return (
    <div ref={place} role="group" aria-label="Allowed countries" id="phone-regions">
      <p className={css.label}>
        Numbers are taken from <MarkBadge mark={mark} />
      </p>
      <ul className={css.closed}>
        {shown.map((each) => (
          <li key={each} className={css.chip}>
            {country(each)}
            {regions.length > 1 ? <IconButton icon={X} label={`Remove ${country(each)}`} onPress={() => onChange(regions.filter((other) => other !== each))} /> : <span className={css.last} />}
          </li>
        ))}
      </ul>
      <div className={css.region}>
        <SelectField label="Another country" help="A number of any other country is refused when a record is saved." value={chosen} options={countries().filter(({ id }) => !regions.includes(id))} onChange={setChosen} error={error} />
        <Button icon={Plus} isDisabled={!chosen} onPress={add}>
          Allow
        </Button>
      </div>
    </div>
  );
}
