import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, LoaderCircle } from "lucide-react";
import { api, body } from "@/api/client";
import { useBusiness } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { regionWords } from "@/lib/countries";
import { phoneText } from "@/lib/phone";
import { useDelayed } from "@/lib/useDelayed";
import { TextField } from "@/ui/Field";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
  isRequired?: boolean;
  optional?: boolean;
}

/** A phone number, checked 300 ms after the last key; formatted when the field is left. */
export function PhoneField({ label, value, onChange, error, isRequired = false, optional = false }: Props) {
  const settled = useDelayed(value.trim(), 300);
  const check = useQuery({
    queryKey: ["phone", settled],
    queryFn: () => body(api.POST("/api/contacts/validate-phone", { body: { phone: settled } })),
    enabled: settled.length >= 5,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    // Whoever comes back from allowing the country sees that it is.
    refetchOnWindowFocus: (query) => (query.state.data?.is_accepted === false ? "always" : false),
  });
  const business = useBusiness().data;
  const answer = settled === value.trim() ? check.data : undefined;
  const wrong = answer && !answer.is_valid ? (answer.reason ?? "This phone number does not exist; check the digits.") : undefined;
  const abroad = answer?.is_valid && !answer.is_accepted ? regionWords(answer.region, business?.accepted_phone_regions) : undefined;
  const good = answer?.is_valid && answer.is_accepted;
  return (
    <TextField
      label={label}
      type="tel"
      autoComplete="off"
      optional={optional}
      isRequired={isRequired}
      value={value}
      onChange={onChange}
      onBlur={() => good && onChange(phoneText(answer.formatted_number))}
      error={abroad ?? error ?? wrong}
      help={
        good ? (
          `${phoneText(answer.formatted_number)}${answer.line_type === "unknown" ? "" : `, ${answer.line_type}`}`
        ) : abroad ? (
          <Abroad />
        ) : undefined
      }
      trailing={check.isFetching ? <LoaderCircle size={16} aria-label="Checking" /> : good ? <Check size={16} aria-label="The number is good" /> : undefined}
    />
  );
}

/** What to do about a number of a country that is not allowed; in another tab, because leaving loses what was typed here. */
function Abroad() {
  if (!useMay()("manage_business_settings")) return "Check the number. An administrator can allow the country.";
  return (
    <>
      Check the number, or{" "}
      <Link to="/settings/$section" params={{ section: "business" }} hash="phone-regions" target="_blank">
        open allowed countries in a new tab
      </Link>
      .
    </>
  );
}
