import { joined } from "./words";

/** Every country with a numbering plan of its own, as the API knows them. */
const WITH_NUMBERS = `
AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER
ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE
IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV
LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP
NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK
SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA
VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW`;

let names: Intl.DisplayNames | undefined;

/** `France` of `FR`. */
export function country(code: string): string {
  names ??= new Intl.DisplayNames(["en-GB"], { type: "region" });
  // What networks that belong to no country are filed under.
  if (code === "001") return "no one country";
  return /^[A-Z]{2}$/.test(code) ? (names.of(code) ?? code) : code;
}

/** `the United Kingdom`, `France`: within a sentence. */
export const countryWithin = (code: string): string => country(code).replace(/^(?=(United|Isle of|Netherlands|Philippines|Bahamas|Gambia|Maldives|Seychelles|Dominican Republic|Central African|.* Islands?$))/, "the ");

/** Every country that can be chosen, by name. */
export const countries = (): { id: string; name: string }[] =>
  WITH_NUMBERS.trim()
    .split(/\s+/)
    .map((id) => ({ id, name: country(id) }))
    .sort((a, b) => a.name.localeCompare(b.name));

/** Why a number is not taken, and which are: `Numbers from France are not allowed here. Allowed: Guernsey, Jersey and the United Kingdom.` */
export function regionWords(region: string | null | undefined, allowed: string[] | undefined): string {
  const from = region ? `Numbers from ${countryWithin(region)}` : "Numbers of this country";
  const names = [...(allowed ?? [])].sort((a, b) => country(a).localeCompare(country(b))).map(countryWithin);
  // A long list is read where it is set.
  return `${from} are not allowed here.${names.length > 0 && names.length <= 6 ? ` Allowed: ${joined(names)}.` : ""}`;
}
