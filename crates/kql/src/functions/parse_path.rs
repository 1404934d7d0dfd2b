//! `parse_path`: The parts of the path of a file: scheme, root, folder, name, extension and stream.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_path",
    aliases: &[],
    signature: "path:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The parts of the path of a file: scheme, root, folder, name, extension and stream.",
    example: ("parse_path('/usr/lib/a.txt').Filename", r#""a.txt""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let whole = text(arguments, 0, context);
    let (scheme, path) = whole.split_once("://").unwrap_or(("", &whole));
    // What stands in front of a drive is the prefix of long paths.
    let path = path.strip_prefix(r"\\?\").unwrap_or(path);
    let drive = path
        .get(..2)
        .filter(|root| root.ends_with(':') && root.starts_with(|letter: char| letter.is_ascii_alphabetic()));
    let cut = path.rfind(['/', '\\']);
    let (folder, file) = cut.map_or(("", path), |at| {
        (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default())
    });
    let (name, stream) = file.split_once(':').unwrap_or((file, ""));
    let last = folder.rsplit(['/', '\\']).next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    Value::bag([
        ("Scheme", Value::text(scheme)),
        ("RootPath", Value::text(drive.unwrap_or_default())),
        ("DirectoryPath", Value::text(folder)),
        ("DirectoryName", Value::text(last)),
        ("Filename", Value::text(name)),
        ("Extension", Value::text(extension)),
        ("AlternateDataStreamName", Value::text(stream)),
    ])
}
