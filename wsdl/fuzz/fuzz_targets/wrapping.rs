//! Signed messages whose elements are moved, doubled, renamed and wrapped. The first byte chooses the message, and
//! whether it is bent after it was signed, where whatever still verifies says what it said before; or before, where
//! the two verifiers must agree and what is handed on must be the message's own Body.

#![cfg_attr(fuzzing, no_main)]

use std::sync::LazyLock;

use nir_wsdl_fuzz::bend::bend;
use nir_wsdl_fuzz::choices::Choices;
use nir_wsdl_fuzz::holes::{emptied, fill};
use nir_wsdl_fuzz::tree::Element;
use nir_wsdl_fuzz::world::Signed;
use nir_wsdl_fuzz::{check, world};

/// Untouched, each verifies: a target whose messages never do would find nothing.
static WHOLE: LazyLock<Vec<Element>> = LazyLock::new(|| {
    let read = |signed: &Signed| {
        let tree = Element::read(&signed.text);
        let found = check::message(tree.text().as_bytes(), &[], std::slice::from_ref(&signed.key));
        assert_eq!(found.map(|(_, verified)| verified.body_child), Some(signed.verified.body_child.clone()));
        tree
    };
    world::signed().iter().map(read).collect()
});
static EMPTIED: LazyLock<Vec<Element>> = LazyLock::new(|| {
    let read = |signed: &Signed| {
        let tree = Element::read(&emptied(&signed.text));
        let message = fill(&tree.text(), world::party()).expect("it has holes");
        let found = check::message(message.as_bytes(), &[], std::slice::from_ref(&world::party().key));
        assert_eq!(found.map(|(_, verified)| verified.body_child), Some(signed.verified.body_child.clone()));
        tree
    };
    world::signed().iter().map(read).collect()
});

nir_wsdl_fuzz::target!(|bytes| {
    let mut input = Choices::new(bytes);
    let (signed_before, which) = (input.byte().is_multiple_of(2), input.below(WHOLE.len()));
    if signed_before {
        let signed = &world::signed()[which];
        let mut tree = WHOLE[which].clone();
        bend(&mut tree, &mut input);
        let text = tree.text();
        if let Some((_, verified)) = check::message(text.as_bytes(), &[], std::slice::from_ref(&signed.key)) {
            assert_eq!(check::show(&verified.body_child), check::show(&signed.verified.body_child), "{text}");
            assert_eq!((verified.created, verified.expires), (signed.verified.created, signed.verified.expires));
        }
    } else {
        let party = world::party();
        let mut tree = EMPTIED[which].clone();
        bend(&mut tree, &mut input);
        if let Some(message) = fill(&tree.text(), party) {
            check::message(message.as_bytes(), &[], std::slice::from_ref(&party.key));
        }
    }
});
