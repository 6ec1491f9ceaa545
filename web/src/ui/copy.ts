import { toast } from "./toast";

/** Puts a text where it can be pasted from, and says whether that went well. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("This browser does not let the page copy. Select the text and copy it yourself.", true);
  }
}
