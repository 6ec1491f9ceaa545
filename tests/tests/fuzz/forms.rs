//! Forms of the one provider that sends them: signed over address and fields, so what is broken is refused for that or
//! for its form.

use vio_providers::twilio::LARGEST_FORM;
use vio_sandbox::twilio_signature;
use vio_tests::contract::Ask;
use vio_tests::contract::world::TWILIO_TOKEN;

use crate::{CANARY, Target};

const SID: &str = "SM8c4d7beaf75ce73ce83ecaf57942bfe3";

pub(crate) async fn broken(target: &Target<'_>) {
    let fields = |extra: &[(&str, &str)]| -> Vec<(String, String)> {
        [("MessageSid", SID), ("From", "+447911000001")]
            .iter()
            .chain(extra)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let right = fields(&[("Body", CANARY)]);
    let text = format!("MessageSid={SID}&From=%2B447911000001&Body={CANARY}");
    let url = |ask: &Ask| format!("{}{}", target.stage.api.base(), ask.path);
    let ask = |body: Vec<u8>, signed: &[(String, String)]| {
        let ask = target.ask();
        let signature = twilio_signature(TWILIO_TOKEN, &url(&ask), signed);
        ask.raw(body).header("x-twilio-signature", signature)
    };

    // Right as it is, or nothing of what follows tells anything.
    let whole = ask(text.clone().into_bytes(), &right);
    if let Some(answer) = target.send("a right form", &whole).await
        && answer.status != 200
    {
        target.note("a right form", &answer.text);
    }
    let refused = async |what: &str, ask: Ask, status: u16| {
        if let Some(answer) = target.send(what, &ask).await {
            target.is_refusal(what, &answer, &[status], None);
        }
    };
    refused("no signature", target.ask().raw(text.clone()), 401).await;
    for signature in ["", "AAAA", CANARY, "ü"] {
        let forged = target.ask().raw(text.clone());
        let forged = forged.header("x-twilio-signature", signature);
        refused("another signature", forged, 401).await;
    }
    refused(
        "a field more",
        ask(format!("{text}&zz=1").into(), &right),
        401,
    )
    .await;
    refused(
        "a field less",
        ask(text[..text.len() - 1].into(), &right),
        401,
    )
    .await;
    let cut = [text.as_bytes(), b"%e"].concat();
    refused("half an escape", ask(cut, &right), 400).await;
    let invalid = [text.as_bytes(), b"%ff"].concat();
    refused("invalid UTF-8", ask(invalid, &right), 400).await;
    let large = format!("{text}{}", "x".repeat(LARGEST_FORM));
    refused("a form over the limit", ask(large.into(), &right), 413).await;
    let many: String = (0..300).map(|at| format!("&zz{at}=1")).collect();
    refused("300 fields", ask(many.into(), &[]), 413).await;
    // Signed, and still not a message.
    let one = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    refused("no message", ask("zz=1".into(), &one("zz", "1")), 400).await;
    let named = format!("MessageSid={CANARY}");
    let signed = one("MessageSid", CANARY);
    refused("another kind of name", ask(named.into(), &signed), 400).await;
    refused("nothing", ask(Vec::new(), &[]), 400).await;
    refused("a JSON body", ask(b"{}".into(), &one("{}", "")), 400).await;
}
