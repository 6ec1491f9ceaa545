import { Printer } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox } from "@/ui/Field";

export interface OnPaper {
  /** Names as they are, not `Ngozi O.`. */
  names: boolean;
  phones: boolean;
}

/** Paper lies about: what is on it is asked each time, and is as little as a desk needs unless somebody wants more. */
export function PrintDialog({ onClose, onPrint }: { onClose: () => void; onPrint: (paper: OnPaper) => void }) {
  const [paper, setPaper] = useState<OnPaper>({ names: false, phones: false });
  return (
    <Dialog
      title="Print the day list"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" icon={Printer} onPress={() => onPrint(paper)}>
            Print
          </Button>
        </>
      }
    >
      <p>Everybody of today by time, on A4, with a box to tick. Paper lies about: print no more than you need.</p>
      <Checkbox isSelected={paper.names} onChange={(names) => setPaper({ ...paper, names })}>
        Whole names, not “Ngozi O.”
      </Checkbox>
      <Checkbox isSelected={paper.phones} onChange={(phones) => setPaper({ ...paper, phones })}>
        Phone numbers
      </Checkbox>
    </Dialog>
  );
}
