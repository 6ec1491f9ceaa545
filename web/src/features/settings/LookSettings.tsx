import { setLook, useLook } from "@/features/preferences/look";
import { setScreen, useScreen } from "@/features/preferences/screen";
import { useNouns } from "@/features/session/business";
import { Switch } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import css from "./settings.module.css";

/** How the console looks; kept with the account. */
export function LookSettings() {
  const look = useLook();
  const nouns = useNouns();
  return (
    <>
      <div className={css.head}>
        <h2>Look</h2>
        <span className={css.state}>Kept with your account</span>
      </div>
      <Panel>
        <div className={css.fields}>
          <Choice name="Theme">
            <Segments
              label="Theme"
              value={look.theme}
              onChange={(theme) => setLook({ theme })}
              options={[
                { id: "system", name: "As the device" },
                { id: "light", name: "Light" },
                { id: "dark", name: "Dark" },
              ]}
            />
          </Choice>
          <Switch isSelected={look.contrast === "high"} onChange={(high) => setLook({ contrast: high ? "high" : "system" })}>
            High contrast
          </Switch>
          <Choice name="Text size">
            <Segments
              label="Text size"
              value={look.text}
              onChange={(text) => setLook({ text })}
              options={[
                { id: "14", name: "Small" },
                { id: "16", name: "Medium" },
                { id: "18", name: "Large" },
                { id: "20", name: "Extra large" },
              ]}
            />
          </Choice>
          <Choice name="Times">
            <Segments
              label="Times"
              value={look.clock}
              onChange={(clock) => setLook({ clock })}
              options={[
                { id: "12", name: "9:30am" },
                { id: "24", name: "09:30" },
              ]}
            />
          </Choice>
          <Choice name="Rows">
            <Segments
              label="Rows"
              value={look.density}
              onChange={(density) => setLook({ density })}
              options={[
                { id: "compact", name: "Compact" },
                { id: "comfortable", name: "Comfortable" },
                { id: "spacious", name: "Spacious" },
              ]}
            />
          </Choice>
          <Choice name="Menu">
            <Segments
              label="Menu"
              value={look.menu}
              onChange={(menu) => setLook({ menu })}
              options={[
                { id: "auto", name: "Words where there is room" },
                { id: "words", name: "Words" },
                { id: "icons", name: "Icons" },
              ]}
            />
          </Choice>
          <Choice name={`List of ${nouns.many}`}>
            <Segments
              label={`List of ${nouns.many}`}
              value={look.contacts}
              onChange={(contacts) => setLook({ contacts })}
              options={[
                { id: "cards", name: "Cards" },
                { id: "table", name: "Table" },
                { id: "list", name: "List" },
              ]}
            />
          </Choice>
          <Choice name="Lists of people">
            <Segments
              label="Lists of people"
              value={look.pages}
              onChange={(pages) => setLook({ pages })}
              options={[
                { id: "scroll", name: "Scroll to the end" },
                { id: "10", name: "Pages of 10" },
                { id: "25", name: "25" },
                { id: "50", name: "50" },
                { id: "100", name: "100" },
              ]}
            />
          </Choice>
          <Choice name="After signing in">
            <Segments
              label="After signing in"
              value={look.start}
              onChange={(start) => setLook({ start })}
              options={[
                { id: "overview", name: "Today" },
                { id: "contacts", name: nouns.Many },
                { id: "calls", name: "Calls" },
              ]}
            />
          </Choice>
          <Choice name="Changes of others appear">
            <Segments
              label="Changes of others appear"
              value={look.fresh}
              onChange={(fresh) => setLook({ fresh })}
              options={[
                { id: "live", name: "As they happen" },
                { id: "30", name: "Every 30 s" },
                { id: "60", name: "1 min" },
                { id: "300", name: "5 min" },
                { id: "900", name: "15 min" },
                { id: "0", name: "When I ask" },
              ]}
            />
          </Choice>
          <Choice name="Colour">
            <Segments
              label="Colour"
              value={look.brand}
              onChange={(brand) => setLook({ brand })}
              options={[
                { id: "green", name: "Green" },
                { id: "blue", name: "Blue" },
                { id: "purple", name: "Purple" },
                { id: "orange", name: "Orange" },
                { id: "grey", name: "Grey" },
              ]}
            />
          </Choice>
          <Choice name="Figures">
            {(
              [
                ["rates", "How many calls were answered and confirmed, in percent"],
                ["trends", "How calls and confirmations went over time"],
                ["growth", `How many ${nouns.many} came`],
              ] as const
            ).map(([each, name]) => (
              <Switch key={each} isSelected={look[each] === "shown"} onChange={(shown) => setLook({ [each]: shown ? "shown" : "hidden" })}>
                {name}
              </Switch>
            ))}
          </Choice>
          <Switch isSelected={look.motion === "reduced"} onChange={(on) => setLook({ motion: on ? "reduced" : "system" })}>
            Nothing moves
          </Switch>
          <Switch isSelected={look.letters === "on"} onChange={(on) => setLook({ letters: on ? "on" : "off" })} help="J, K, N and others. Keys with Ctrl always work.">
            Single letters as shortcuts
          </Switch>
        </div>
      </Panel>
      <ThisDevice />
    </>
  );
}

/** Who else sees this screen and its paper is a matter of where it stands, not of who is signed in. */
function ThisDevice() {
  const screen = useScreen();
  return (
    <>
      <div className={css.head}>
        <h2>This device</h2>
        <span className={css.state}>Kept on this device</span>
      </div>
      <Panel>
        <div className={css.fields}>
          <Choice name="Details hidden when nobody touches it">
            <Segments
              label="Details hidden when nobody touches it"
              value={screen.idle}
              onChange={(idle) => setScreen({ idle })}
              options={[
                { id: "0", name: "Never" },
                { id: "1", name: "After 1 min" },
                { id: "5", name: "5 min" },
                { id: "15", name: "15 min" },
              ]}
            />
          </Choice>
          <Switch isSelected={screen.paper === "hidden"} onChange={(hide) => setScreen({ paper: hide ? "hidden" : "shown" })} help="The day list asks by itself each time.">
            Details hidden on what is printed
          </Switch>
        </div>
      </Panel>
    </>
  );
}

function Choice({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={css.choice}>
      <p aria-hidden>{name}</p>
      {children}
    </div>
  );
}
