import { NewPassword } from "./NewPassword";

/** The page behind the link of an invitation. */
export default function InvitePage() {
  return (
    <NewPassword
      path="/api/auth/invitations/accept"
      field="password"
      words={{
        title: "Join your team",
        button: "Join",
        done: "You are in. Sign in with the address that the invitation came to.",
        again: "Ask whoever invited you to send the invitation again.",
      }}
    />
  );
}
