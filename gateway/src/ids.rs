//! Random ids for the register, which itself knows no chance.

use register::decide::Ids;
use uuid::Uuid;

/// Version 4 UUIDs.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&mut self) -> Uuid {
        Uuid::new_v4()
    }
}
