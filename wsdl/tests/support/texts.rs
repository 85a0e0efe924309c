//! What a refusal tells its sender: the texts stand in the register's error table, which this crate does not link.

use nir_wsdl::refusal::Refusal;

/// Norwegian and English text, and the way out, with the refusal's values filled in.
pub fn told(refusal: &Refusal) -> [String; 3] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/codes/feilkoder.toml");
    let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let rows = table["feil"].as_array().unwrap();
    let row = rows.iter().find(|row| row["kode"].as_str() == Some(refusal.code));
    let row = row.unwrap_or_else(|| panic!("{} has no texts", refusal.code));
    ["nb", "en", "loesning"].map(|name| fill(row[name].as_str().unwrap(), &refusal.params))
}

/// `{name}` is filled in; `[[ … ]]` is left out when a name inside it has no value.
fn fill(template: &str, params: &[(&'static str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("[[") {
        let (optional, after) = after.split_once("]]").unwrap();
        let filled = replace(optional, params);
        out.push_str(&replace(before, params));
        if !filled.contains('{') {
            out.push_str(&filled);
        }
        rest = after;
    }
    out + &replace(rest, params)
}

fn replace(text: &str, params: &[(&'static str, String)]) -> String {
    params.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
