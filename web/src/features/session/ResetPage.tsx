import { Link } from "@tanstack/react-router";
import { NewPassword } from "./NewPassword";

/** The page behind the link to a new password. */
export default function ResetPage() {
  return (
    <NewPassword
      path="/api/auth/password/reset"
      field="new_password"
      words={{
        title: "Choose a new password",
        button: "Save the password",
        done: "Your password is changed, and all your devices are signed out.",
        again: <Link to="/forgot">Ask for a new link</Link>,
      }}
    />
  );
}
