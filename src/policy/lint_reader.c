/* lint_reader.c: the checks that reading a policy makes already (document.c): its grammar. Here they have their rows alone:
 * type, kinds, what to do. Of what else AWS refuses (refusal.c), lint's other families have the rows. */
#include "policy/lint_part.h"

#define READER(code_, kinds_, finds_, remedy_)                                                               \
    {                                                                                                        \
        .check = {code_, VG_LINT_ERROR, kinds_, false, finds_, remedy_}, .scope = LINT_READER                \
    }

static const lint_row rows[] = {
    READER("DATA_TYPE_MISMATCH", VG_LINT_ALL_KINDS, "An element holds JSON of another type than it must.",
           "Write a string, a list of strings or an object, as the element asks."),
    READER("INVALID_CONDITION_OPERATOR", VG_LINT_ALL_KINDS,
           "A condition uses an operator that does not exist.",
           "Use an operator of the language, such as StringEquals, ArnLike, IpAddress or Bool."),
    READER("INVALID_EFFECT", VG_LINT_ALL_KINDS, "Effect is neither Allow nor Deny.",
           "Write Allow or Deny, in just this letter case."),
    READER("INVALID_POLICY_ELEMENT", VG_LINT_ALL_KINDS, "The policy holds an element that does not exist.",
           "Remove it or correct its name; names of elements are case-sensitive."),
    READER("INVALID_PRINCIPAL_FORMAT", LINT_WITH_PRINCIPAL, "Principal does not hold what names a principal.",
           "Write \"*\", or an object such as {\"AWS\": \"123456789012\"}."),
    READER("INVALID_PRINCIPAL_KEY", LINT_WITH_PRINCIPAL, "Principal has a key that does not exist.",
           "Use AWS, Service, Federated or CanonicalUser."),
    READER("INVALID_VERSION", VG_LINT_ALL_KINDS, "Version is none that exists.",
           "Write \"2012-10-17\"; \"2008-10-17\" is the older language without variables."),
    READER("JSON_SYNTAX_ERROR", VG_LINT_ALL_KINDS, "The policy is no well-formed JSON.",
           "Correct the JSON at the place given."),
    READER("MISSING_ACTION", VG_LINT_ALL_KINDS, "A statement has neither Action nor NotAction.",
           "Add the actions that it is about."),
    READER("MISSING_EFFECT", VG_LINT_ALL_KINDS, "A statement has no Effect.",
           "Add \"Effect\": \"Allow\" or \"Deny\"."),
    READER("MISSING_PRINCIPAL", LINT_WITH_PRINCIPAL,
           "A statement of a policy that needs it has no Principal.", "Add whom the statement is about."),
    READER("MISSING_RESOURCE", VG_LINT_ALL_KINDS & ~LINT_TRUST,
           "A statement has neither Resource nor NotResource.", "Add the ARNs that it is about, or \"*\"."),
    READER("MISSING_STATEMENT", VG_LINT_ALL_KINDS, "The policy has no Statement.", "Add a statement."),
    READER("NULL_WITH_IF_EXISTS", VG_LINT_ALL_KINDS, "The operator Null is used with IfExists.",
           "Use Null alone: it asks whether the key exists."),
    READER("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", LINT_TRUST,
           "A trust policy has Resource or NotResource.",
           "Remove it: a trust policy is about the role that it belongs to."),
    READER("SCP_SYNTAX_ERROR_PRINCIPAL", LINT_SCP, "A service control policy has Principal or NotPrincipal.",
           "Remove it; to spare some principals, test aws:PrincipalArn in Condition."),
    READER("UNIQUE_SIDS_REQUIRED", VG_LINT_ALL_KINDS & ~(LINT_RESOURCE_KIND | LINT_ENDPOINT),
           "Two statements have the same Sid.", "Give each statement a Sid of its own."),
    READER("UNSUPPORTED_ELEMENT_COMBINATION", VG_LINT_ALL_KINDS,
           "A statement has both an element and its opposite.",
           "Keep one of Action and NotAction, Resource and NotResource, Principal and NotPrincipal."),
    READER("UNSUPPORTED_PRINCIPAL", LINT_IDENTITY, "An identity-based policy has Principal.",
           "Remove it: whoever the policy is attached to is its principal."),
    READER("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", LINT_WITH_PRINCIPAL, "A principal holds a wildcard.",
           "Name the account or the whole ARN; to match several, use \"*\" and test aws:PrincipalArn in "
           "Condition."),
};

const lint_family lint_reader_family = {rows, VG_COUNT(rows)};
