//! What a mail says: changes grouped by registry and severity, and what is to be done by whom. Once as text, once as a
//! simple page; what strangers wrote is text in both.

use super::Change;
use super::duties::Duty;
use graph::automations::Period;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a mail is made of.
pub(super) struct Content<'a> {
    pub(super) automation: &'a str,
    pub(super) period: Period,
    pub(super) changes: &'a [Change],
    /// How many there are in all.
    pub(super) count: u64,
    pub(super) duties: &'a [Duty],
    pub(super) url: &'a str,
}

/// The groups of a registry, the worst first.
const GROUPS: [&str; 7] = ["Critical", "High", "Medium", "Low", "Unknown", "NotApplicable", "Healthy"];

/// Which group a change is in: its severity, where it is something to fix.
fn group(change: &Change) -> &str {
    match change.code.as_str() {
        "Unhealthy" if GROUPS.contains(&change.severity.as_str()) => &change.severity,
        "Unhealthy" => "Unknown",
        code => code,
    }
}

fn heading(group: &str) -> &str {
    match group {
        "NotApplicable" => "Does not count, or cannot be assessed",
        "Healthy" => "Healthy",
        severity => severity,
    }
}

impl Content<'_> {
    fn by_registry(&self) -> BTreeMap<&str, BTreeMap<usize, Vec<&Change>>> {
        let mut registries: BTreeMap<&str, BTreeMap<usize, Vec<&Change>>> = BTreeMap::new();
        for change in self.changes {
            let own = group(change);
            let place = GROUPS.iter().position(|group| *group == own).unwrap_or(GROUPS.len());
            registries.entry(&change.registry).or_default().entry(place).or_default().push(change);
        }
        registries
    }

    pub(super) fn subject(&self) -> String {
        let registries: BTreeSet<&str> = self.changes.iter().map(|change| change.registry.as_str()).collect();
        let worst = GROUPS.iter().take(2).find_map(|severity| {
            let count = self.changes.iter().filter(|change| group(change) == *severity).count();
            (count > 0).then(|| format!(", {count} {}", severity.to_lowercase()))
        });
        let changes = plural(self.count, "change", "changes");
        let places = plural(registries.len() as u64, "registry", "registries");
        format!("Lazaretto: {changes} in {places}{}", worst.unwrap_or_default())
    }

    fn opening(&self) -> String {
        let period = match self.period {
            Period::Hourly => "hour",
            Period::Daily => "day",
            Period::Weekly => "week",
        };
        format!(
            "What changed since the last mail of the automation {} (at most one each {period}).",
            self.automation
        )
    }

    fn rest(&self) -> Option<String> {
        let shown = self.changes.len() as u64;
        (self.count > shown).then(|| format!("{} more are not listed here.", self.count - shown))
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.opening());
        for (registry, groups) in self.by_registry() {
            let _ = write!(text, "\n{registry}\n{}\n", "=".repeat(registry.chars().count()));
            for (place, changes) in groups {
                let name = GROUPS.get(place).copied().unwrap_or("Other");
                let _ = write!(text, "\n{}: {}\n", heading(name), changes.len());
                for change in changes {
                    let _ = writeln!(text, "  * {}", plain(&line(change)));
                    if change.code == "Unhealthy" && !change.remediation.is_empty() {
                        let _ = writeln!(text, "    {}", plain(&change.remediation));
                    }
                }
            }
        }
        if let Some(rest) = self.rest() {
            let _ = write!(text, "\n{rest}\n");
        }
        if !self.duties.is_empty() {
            text.push_str("\nTo be resolved\n==============\n");
            for duty in self.duties {
                let _ = writeln!(text, "  * {}", plain(&said(duty)));
            }
        }
        let _ = write!(text, "\n{}/portal\n", self.url);
        text
    }

    pub(super) fn html(&self) -> String {
        let mut page = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><body><p>{}</p>",
            escaped(&self.opening())
        );
        for (registry, groups) in self.by_registry() {
            let _ = write!(page, "<h2>{}</h2>", escaped(registry));
            for (place, changes) in groups {
                let name = GROUPS.get(place).copied().unwrap_or("Other");
                let _ = write!(page, "<h3>{}: {}</h3><ul>", heading(name), changes.len());
                for change in changes {
                    let _ = write!(page, "<li>{}", escaped(&line(change)));
                    if change.code == "Unhealthy" && !change.remediation.is_empty() {
                        let _ = write!(page, "<br><code>{}</code>", escaped(&change.remediation));
                    }
                    page.push_str("</li>");
                }
                page.push_str("</ul>");
            }
        }
        if let Some(rest) = self.rest() {
            let _ = write!(page, "<p>{rest}</p>");
        }
        if !self.duties.is_empty() {
            page.push_str("<h2>To be resolved</h2><ul>");
            for duty in self.duties {
                let _ = write!(page, "<li>{}</li>", escaped(&said(duty)));
            }
            page.push_str("</ul>");
        }
        let address = escaped(&format!("{}/portal", self.url));
        let _ = write!(page, "<p><a href=\"{address}\">{address}</a></p></body></html>");
        page
    }
}

fn line(change: &Change) -> String {
    let place = if change.image.is_empty() { &change.registry } else { &change.image };
    let title = if change.title == change.subject { "" } else { &change.title };
    let cause = match change.cause.as_str() {
        "" => String::new(),
        cause => format!(" ({cause})"),
    };
    let name = if change.subject == "image" || change.subject == "registry" { "" } else { &change.subject };
    let words = [place.as_str(), name, title].into_iter().filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ") + &cause
}

fn said(duty: &Duty) -> String {
    let state = match (duty.is_overdue, duty.is_in_grace) {
        (true, _) => "overdue",
        (false, true) => "on time, in its grace period",
        (false, false) => "on time",
    };
    let images = match duty.images {
        0 => String::new(),
        images => format!(", {}", plural(images, "image", "images")),
    };
    format!("{}{images}: {} until {} ({state})", duty.place, duty.owner, duty.due)
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// One line, without anything that steers a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A text as HTML.
fn escaped(text: &str) -> String {
    plain(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn change(image: &str, code: &str, severity: &str, title: &str) -> Change {
        Change {
            registry: "lazaretto.test".into(),
            image: image.into(),
            subject: "CVE-2021-1".into(),
            title: title.into(),
            code: code.into(),
            severity: severity.into(),
            cause: if code == "NotApplicable" { "Exempt".into() } else { String::new() },
            remediation: "apk add 'busybox>=2'".into(),
        }
    }

    #[test]
    fn changes_are_grouped_and_strangers_write_no_html() {
        let changes = [
            change("app@sha256:aa", "Unhealthy", "Low", "small"),
            change("app@sha256:aa", "Unhealthy", "High", "<script>alert(1)</script>\r\nBcc: x"),
            change("web@sha256:bb", "NotApplicable", "High", "hidden"),
        ];
        let duties = [Duty {
            place: "lazaretto.test/app".into(),
            images: 12,
            owner: "anna@harbour.test".into(),
            due: Timestamp::UNIX_EPOCH,
            is_overdue: true,
            is_in_grace: false,
        }];
        let content = Content {
            automation: "tell",
            period: Period::Daily,
            changes: &changes,
            count: 5,
            duties: &duties,
            url: "https://lazaretto.test",
        };
        assert_eq!(content.subject(), "Lazaretto: 5 changes in 1 registry, 1 high");
        expect_test::expect![[r#"
            What changed since the last mail of the automation tell (at most one each day).

            lazaretto.test
            ==============

            High: 1
              * app@sha256:aa CVE-2021-1 <script>alert(1)</script>  Bcc: x
                apk add 'busybox>=2'

            Low: 1
              * app@sha256:aa CVE-2021-1 small
                apk add 'busybox>=2'

            Does not count, or cannot be assessed: 1
              * web@sha256:bb CVE-2021-1 hidden (Exempt)

            2 more are not listed here.

            To be resolved
            ==============
              * lazaretto.test/app, 12 images: anna@harbour.test until 1970-01-01T00:00:00Z (overdue)

            https://lazaretto.test/portal
        "#]]
        .assert_eq(&content.text());
        let page = content.html();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
        assert!(page.contains("<h3>High: 1</h3>") && page.contains("overdue"), "{page}");
    }
}
