//! Arbitrary bytes as a Body child: what the schema lets through is decoded, written, and read again as the same.

#![cfg_attr(fuzzing, no_main)]

use nir_xsd::message::{Answer, Request};
use nir_xsd::structure;
use nir_xsd::validate::validate;

nir_wsdl_fuzz::target!(|bytes| {
    // Decoding alone must stand anything; after the schema it must also succeed.
    let (request, answer) = (Request::parse(bytes), Answer::parse(bytes));
    if let Err(invalid) = validate(bytes) {
        assert!(invalid.total >= invalid.violations.len() && !invalid.violations.is_empty());
        return;
    }
    match (request, answer) {
        (Ok(request), _) => {
            assert_eq!(
                Request::parse(&request.to_xml()).ok().as_ref(),
                Some(&request),
                "a request is written as it was read"
            );
            if let Request::SendRegistreringer(wrapper) = &request {
                let _ = structure::check(&wrapper.melding);
            }
        }
        (_, Ok(answer)) => {
            assert_eq!(
                Answer::parse(&answer.to_xml()).ok().as_ref(),
                Some(&answer),
                "an answer is written as it was read"
            );
        }
        // Elements that stand alone in the schema, such as nirFeil in a Fault's detail.
        (Err(_), Err(_)) => {}
    }
});
