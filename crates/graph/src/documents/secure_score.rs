//! The secure score of a subscription, its one control, and the definition of that.

use super::Document;
use super::metadata::IMAGES_KEY;
use crate::score::{MOST_POINTS, Score};
use serde_json::{Value, json};
use store::Subscription;

/// The type of scores.
pub const KIND: &str = "Microsoft.Security/secureScores";
/// The type of controls.
pub const CONTROL_KIND: &str = "Microsoft.Security/secureScores/secureScoreControls";
/// The type of definitions.
pub const DEFINITION_KIND: &str = "Microsoft.Security/secureScoreControlDefinitions";

/// The name of the one score, which Azure gave it.
pub const NAME: &str = "ascScore";
/// The name of the control *remediate vulnerabilities*, which Azure gave it.
pub const CONTROL: &str = "56a6e81f-7413-4f72-9a1b-aaeeaa87c872";
const CONTROL_NAME: &str = "Remediate vulnerabilities";

/// The score of a subscription.
pub fn of_subscription(subscription: &Subscription, score: &Score) -> Document {
    Document {
        id: format!("/subscriptions/{}/providers/{KIND}/{NAME}", subscription.id),
        name: NAME.to_owned(),
        kind: KIND,
        properties: json!({
            "displayName": "ASC score",
            "score": points(score),
            "weight": score.weight(),
        }),
    }
}

/// The control of a subscription; with its definition if that is wanted.
pub fn control_of_subscription(
    subscription: &Subscription,
    score: &Score,
    with_definition: bool,
) -> Document {
    let mut properties = json!({
        "displayName": CONTROL_NAME,
        "score": points(score),
        "healthyResourceCount": score.healthy,
        "unhealthyResourceCount": score.unhealthy + score.in_grace,
        "notApplicableResourceCount": score.not_applicable,
        "weight": score.weight(),
    });
    if with_definition {
        properties["definition"] = definition("");
    }
    Document {
        id: format!(
            "/subscriptions/{}/providers/{KIND}/{NAME}/secureScoreControls/{CONTROL}",
            subscription.id
        ),
        name: CONTROL.to_owned(),
        kind: CONTROL_KIND,
        properties,
    }
}

fn points(score: &Score) -> Value {
    json!({"max": score.most(), "current": score.current(), "percentage": score.percentage()})
}

/// What the control is, at a scope.
pub fn definition(scope: &str) -> Value {
    json!({
        "id": format!("{scope}/providers/{DEFINITION_KIND}/{CONTROL}"),
        "name": CONTROL,
        "type": DEFINITION_KIND,
        "properties": {
            "source": {"sourceType": "BuiltIn"},
            "displayName": CONTROL_NAME,
            "description": "Images with known vulnerabilities are what attackers look for. Rebuild them with fixed packages.",
            "maxScore": MOST_POINTS,
            "assessmentDefinitions": [
                {"id": format!("/providers/Microsoft.Security/assessmentMetadata/{IMAGES_KEY}")},
            ],
        },
    })
}
