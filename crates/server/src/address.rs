//! Addresses within the desk: every state of a list is in one.

/// Returns `path?name=value&…`, leaving out what is empty.
pub(crate) fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(&encode(name));
        address.push('=');
        address.push_str(&encode(value));
    }
    address
}

/// Returns the text as one part of an address.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&crate::accounts::hexadecimal(&[byte]).to_uppercase());
        }
    }
    encoded
}

/// Returns the address without this parameter, so that it can be given anew.
pub(crate) fn without(path: &str, query: &str, names: &[&str]) -> String {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            !pair.is_empty() && !names.contains(&pair.split('=').next().unwrap_or_default())
        })
        .collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

/// Returns the address if it leads somewhere on this desk, else the work list: a sign-in must not
/// send anybody to a stranger.
pub(crate) fn local(address: &str) -> &str {
    let starts =
        address.starts_with('/') && !address.starts_with("//") && !address.starts_with("/\\");
    let clean = address.len() <= 2_000 && address.bytes().all(|byte| byte.is_ascii_graphic());
    if starts && clean { address } else { "/desk" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_strangers_are_not_followed() {
        let rows = [
            ("/cases/44?kind=acts", "/cases/44?kind=acts"),
            ("//evil.example/", "/desk"),
            ("/\\evil.example", "/desk"),
            ("https://evil.example", "/desk"),
            ("javascript:alert(1)", "/desk"),
            ("/a\r\nSet-Cookie: x=1", "/desk"),
            ("", "/desk"),
        ];
        for (asked, followed) in rows {
            assert_eq!(local(asked), followed);
        }
    }

    #[test]
    fn parameters_are_encoded_and_empty_ones_left_out() {
        assert_eq!(
            link(
                "/desk",
                &[("q", "建雅 &1"), ("light", ""), ("view", "mine")]
            ),
            "/desk?q=%E5%BB%BA%E9%9B%85%20%261&view=mine"
        );
        assert_eq!(
            without("/desk", "lang=en&q=a&language=x", &["lang"]),
            "/desk?q=a&language=x"
        );
        assert_eq!(without("/desk", "lang=en", &["lang"]), "/desk");
    }
}
