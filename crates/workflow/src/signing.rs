//! Who may act, and in which role.

use crate::workflow::EventKind;
use groundbreak_sla::Timestamp;

use crate::{Actor, Case, GeneralRefusal, Permission, Refusal, Signature, Text, Workflow};

/// Signs for an event: the first role of it that the actor holds and that separation of duties
/// leaves open. A case holds no role, and signs for what cases may send.
pub(crate) fn sign(
    workflow: &Workflow,
    case: &Case,
    actor: &Actor,
    kind: &EventKind,
    now: Timestamp,
) -> Result<Signature, Refusal> {
    if actor.is_case() && kind.by_case {
        return sign_as_case(actor);
    }
    if kind.by.is_empty() {
        return Err(if kind.by_case {
            Refusal::OnlyCases
        } else {
            Refusal::OnlyTheClock
        });
    }
    let refusal = match sign_for(workflow, case, actor, actor, kind) {
        Ok(signature) => return Ok(signature),
        Err(refusal) => refusal,
    };
    for delegation in case.handling.delegated_to(&actor.id, now) {
        let principal = Actor {
            id: delegation.principal.id.clone(),
            name: delegation.principal.name.clone(),
            roles: delegation.roles.clone(),
            department: None,
        };
        if let Ok(signature) = sign_for(workflow, case, actor, &principal, kind) {
            return Ok(Signature {
                on_behalf_of: Some(delegation.principal.clone()),
                ..signature
            });
        }
    }
    Err(refusal)
}

/// Signs for an event in a role of `principal`, who is the actor or lets the actor act. Separation
/// of duties holds for both.
fn sign_for(
    workflow: &Workflow,
    case: &Case,
    actor: &Actor,
    principal: &Actor,
    kind: &EventKind,
) -> Result<Signature, Refusal> {
    let mut refusal = Refusal::RoleNotAllowed {
        act: kind.title.clone(),
        needed: kind
            .by
            .iter()
            .map(|role| workflow.role_title(role))
            .collect(),
        held: actor.roles.iter().cloned().collect(),
    };
    for role in kind
        .by
        .iter()
        .filter(|role| principal.roles.contains(*role))
    {
        let apart = workflow
            .acted_as_other(case, actor, role)
            .or_else(|| workflow.acted_as_other(case, principal, role));
        match apart {
            None => {
                let also = kind
                    .by
                    .iter()
                    .filter(|other| *other != role && principal.roles.contains(*other));
                return Ok(Signature {
                    also: also.cloned().collect(),
                    ..signature(actor, Some(role.clone()))
                });
            }
            Some(other) => {
                refusal = Refusal::SamePerson {
                    role: workflow.role_title(role),
                    other: workflow.role_title(other),
                };
            }
        }
    }
    Err(refusal)
}

/// Signs for a case that acts on another.
pub(crate) fn sign_as_case(actor: &Actor) -> Result<Signature, Refusal> {
    if actor.is_case() {
        Ok(signature(actor, None))
    } else {
        Err(Refusal::OnlyCases)
    }
}

/// Signs for what somebody does under their own name and in no role: what they hold, or were asked.
pub(crate) fn sign_by_name(actor: &Actor) -> Signature {
    signature(actor, None)
}

/// Signs for what takes a permission: the first role of the actor that has it.
pub(crate) fn sign_as_permitted(
    workflow: &Workflow,
    actor: &Actor,
    permission: Permission,
    act: &Text,
) -> Result<Signature, Refusal> {
    let able = workflow
        .roles
        .iter()
        .filter(|(_, role)| role.may.contains(&permission));
    if let Some((role, _)) = able.clone().find(|(name, _)| actor.roles.contains(*name)) {
        return Ok(signature(actor, Some(role.clone())));
    }
    let needed: Vec<Text> = able.map(|(_, role)| role.title.clone()).collect();
    if needed.is_empty() {
        return Err(GeneralRefusal::NoRoleMay {
            act: act.clone(),
            permission: permission.name(),
        }
        .into());
    }
    Err(Refusal::RoleNotAllowed {
        act: act.clone(),
        needed,
        held: actor.roles.iter().cloned().collect(),
    })
}

/// Signs for what everybody with a role in the workflow may do.
pub(crate) fn sign_as_any(
    workflow: &Workflow,
    actor: &Actor,
    act: &Text,
) -> Result<Signature, Refusal> {
    match workflow
        .roles
        .keys()
        .find(|role| actor.roles.contains(*role))
    {
        Some(role) => Ok(signature(actor, Some(role.clone()))),
        None => Err(Refusal::RoleNotAllowed {
            act: act.clone(),
            needed: workflow
                .roles
                .values()
                .map(|role| role.title.clone())
                .collect(),
            held: actor.roles.iter().cloned().collect(),
        }),
    }
}

fn signature(actor: &Actor, role: Option<String>) -> Signature {
    Signature {
        id: actor.id.clone(),
        name: actor.name.clone(),
        role,
        also: Vec::new(),
        department: actor.department.clone(),
        on_behalf_of: None,
    }
}

impl Workflow {
    /// Returns the role, if any, that the actor has had in this case and that the holder of `role`
    /// may not have had. The rule holds both ways, whichever of the two names the other.
    fn acted_as_other<'a>(&'a self, case: &Case, actor: &Actor, role: &str) -> Option<&'a str> {
        self.roles
            .iter()
            .filter(|(name, other)| {
                let apart = other.not_same_person_as.iter().any(|name| name == role)
                    || self
                        .roles
                        .get(role)
                        .is_some_and(|role| role.not_same_person_as.contains(name));
                apart
                    && case
                        .acted
                        .get(*name)
                        .is_some_and(|ids| ids.contains(&actor.id))
            })
            .map(|(name, _)| name.as_str())
            .next()
    }
}
