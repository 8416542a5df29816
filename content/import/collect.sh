#!/usr/bin/env bash
# Exports what `vigil import` reads, with the AWS CLI: read-only calls alone, one envelope (docs/how-to/import.md) a call.
#
#   bash collect.sh [--role-name NAME] [--accounts "ID ID"] [--regions "R R"] [--calls-per-second N]
#                   [--without-policies] [--without-last-used] [FOLDER]
#
# Policies of resources (four calls a bucket, two a key, one a queue, topic, function, secret and repository) and what
# users and roles last used (two calls each) are most of the calls of a large account; each can be left out.
#
# Run it with credentials of the management account, or of a delegated administrator. In every other active account of
# the organisation it takes on the role NAME. What was answered is not asked again when it is run again in the same
# FOLDER (default: exports); what was denied, throttled or failed is. Nothing but FOLDER is written to. Credentials of
# roles are kept in this process's environment alone.
#
# Exit status: 0 every call was answered (that there is none is an answer), 3 some were not, 2 usage, 4 no credentials or
# no AWS CLI.
set -u
umask 077
export AWS_PAGER='' AWS_RETRY_MODE="${AWS_RETRY_MODE:-adaptive}" AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-8}"
export AWS_DEFAULT_OUTPUT=json

role_name='@ROLE_NAME@'
only_accounts='' only_regions='' rate=0 folder='' policies=1 last_used=1
while [ $# -gt 0 ]; do
  case "$1" in
    --role-name) role_name="${2:?--role-name needs a name}"; shift ;;
    --accounts) only_accounts="${2:?--accounts needs ids}"; shift ;;
    --regions) only_regions="${2:?--regions needs names}"; shift ;;
    --calls-per-second) rate="${2:?--calls-per-second needs a number}"; shift ;;
    --without-policies) policies=0 ;;
    --without-last-used) last_used=0 ;;
    -h | --help) sed -n '2,16s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "collect: $1 is no option; see --help" >&2; exit 2 ;;
    *) folder="$1" ;;
  esac
  shift
done
folder="${folder:-exports}"
case "$rate" in '' | *[!0-9]*) echo "collect: --calls-per-second needs a whole number" >&2; exit 2 ;; esac
if ! command -v aws >/dev/null; then
  echo "collect: there is no 'aws' here; install the AWS CLI, or run this where it is, as in CloudShell" >&2
  exit 4
fi
mkdir -p "$folder" || exit 2

partition=aws account='' region='' asked=0 skipped=0 failed=0
started=$(date +%s)

# A text as a JSON string.
json_string() {
  printf '%s' "$1" | LC_ALL=C tr -d '\000-\010\013\014\016-\037' | LC_ALL=C awk '
    BEGIN { printf "\"" }
    { gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/\t/, "\\t"); gsub(/\r/, "\\r"); if (NR > 1) printf "\\n"; printf "%s", $0 }
    END { printf "\"" }'
}

# Parameters given as NAME=VALUE become a JSON object.
json_parameters() {
  local first=1 pair
  printf '{'
  for pair in "$@"; do
    [ $first = 1 ] || printf ','
    first=0
    json_string "${pair%%=*}"
    printf ':'
    json_string "${pair#*=}"
  done
  printf '}'
}

# Whether a kept envelope holds an answer: it worked, or AWS said that there is none.
is_answered() {
  [ -s "$1" ] || return 1
  grep -q '^"exit":0,$' "$1" && return 0
  grep -Eq '^"error":".*\((NoSuchEntity|NoSuchEntityException|ResourceNotFoundException|NoSuchConfigurationRecorderException|NoSuchDeliveryChannelException|TrailNotFoundException|InvalidAccessException|AWSOrganizationsNotInUseException|NoSuchBucketPolicy|NoSuchPublicAccessBlockConfiguration|OwnershipControlsNotFoundError|NoSuchAccessPointPolicy|RepositoryPolicyNotFoundException)\)' "$1"
}

# Keeps to the rate asked for, over the whole run.
pace() {
  [ "$rate" -gt 0 ] || return 0
  while [ $(($(date +%s) - started)) -lt $((asked / rate)) ]; do sleep 1; done
}

# keep FILE OPERATION "NAME=VALUE ..." TIME STATUS ERROR COMMAND...: writes an envelope; what was answered is in FILE.out.
keep() {
  local file="$1" operation="$2" parameters="$3" when="$4" status="$5" error="$6"
  shift 6
  mkdir -p "$(dirname "$file")"
  {
    printf '{"vigil":"envelope/1",\n"operation":"%s",\n"parameters":' "$operation"
    # shellcheck disable=SC2086 # parameters are words without spaces in them
    json_parameters $parameters
    printf ',\n"account":"%s",\n"region":"%s",\n"partition":"%s",\n"time":"%s",\n' "$account" "$region" "$partition" "$when"
    printf '"command":'
    json_string "aws $*"
    printf ',\n"exit":%d,\n"error":' "$status"
    json_string "$error"
    printf ',\n"output":'
    if [ "$status" = 0 ] && [ -s "$file.out" ]; then cat "$file.out"; else printf 'null'; fi
    printf '}\n'
  } >"$file.part"
  mv "$file.part" "$file"
}

# A call that could not be made, or did not come to an answer, is evidence too: of what nobody knows.
note_failed() { # FILE OPERATION PARAMETERS ERROR COMMAND...
  local file="$folder/$1" operation="$2" parameters="$3" error="$4"
  shift 4
  failed=$((failed + 1))
  echo "collect: $account $region $operation: ${error%%$'\n'*}" >&2
  keep "$file" "$operation" "$parameters" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" 254 "$error" "$@"
}

# call FILE OPERATION "NAME=VALUE ..." COMMAND...: makes one call and keeps its envelope in FILE. Throttled calls are
# repeated, each time after a longer wait, beside what the CLI itself repeats.
call() {
  local file="$folder/$1" operation="$2" parameters="$3" status attempt=0 error when
  shift 3
  if is_answered "$file"; then skipped=$((skipped + 1)); return 0; fi
  mkdir -p "$(dirname "$file")"
  while :; do
    pace
    asked=$((asked + 1))
    when=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    aws "$@" --output json >"$file.out" 2>"$file.err"
    status=$?
    error=$(cat "$file.err")
    attempt=$((attempt + 1))
    case "$error" in
      *Throttl* | *TooManyRequests* | *RequestLimitExceeded*)
        if [ "$status" != 0 ] && [ $attempt -lt 5 ]; then sleep "${COLLECT_WAIT:-$((attempt * attempt * 2))}"; continue; fi ;;
    esac
    break
  done
  [ "$status" = 0 ] && error=''
  keep "$file" "$operation" "$parameters" "$when" "$status" "$error" "$@"
  rm -f "$file.out" "$file.err"
  if ! is_answered "$file"; then
    failed=$((failed + 1))
    echo "collect: $account $region $operation: ${error%%$'\n'*}" >&2
    return 1
  fi
}

# What a kept answer holds, read by the CLI's own words: the values of a key, one a line. Answers are printed one key a
# line by the CLI, which is all that this relies on.
values_of() {
  [ -s "$2" ] || return 0
  grep -o "\"$1\": *\"[^\"]*\"" "$2" | sed 's/^[^:]*: *"//; s/"$//' | sort -u
}

# The items of a list of strings: {"DetectorIds": ["..."]}.
items_of() {
  [ -s "$2" ] || return 0
  tr -d '\n' <"$2" | sed -n "s/.*\"$1\": *\[\([^]]*\)\].*/\1/p" | grep -o '"[^"]*"' | tr -d '"'
}

# ---- the organisation --------------------------------------------------------------------------------------------------

collect_units() { # PARENT DEPTH
  local child
  call "organization/units/$1.json" organizations:ListOrganizationalUnitsForParent "ParentId=$1" \
    organizations list-organizational-units-for-parent --parent-id "$1"
  call "organization/accounts/$1.json" organizations:ListAccountsForParent "ParentId=$1" \
    organizations list-accounts-for-parent --parent-id "$1"
  [ "$2" -lt 8 ] || return 0
  for child in $(values_of Id "$folder/organization/units/$1.json" | grep '^ou-'); do
    collect_units "$child" $(($2 + 1))
  done
}

collect_policies() {
  local type id
  for type in SERVICE_CONTROL_POLICY RESOURCE_CONTROL_POLICY TAG_POLICY BACKUP_POLICY AISERVICES_OPT_OUT_POLICY \
    DECLARATIVE_POLICY_EC2; do
    call "organization/policies/$type.json" organizations:ListPolicies "Filter=$type" \
      organizations list-policies --filter "$type"
    for id in $(values_of Id "$folder/organization/policies/$type.json" | grep '^p-'); do
      call "organization/policies/$id.json" organizations:DescribePolicy "PolicyId=$id" \
        organizations describe-policy --policy-id "$id"
      call "organization/policies/$id-targets.json" organizations:ListTargetsForPolicy "PolicyId=$id" \
        organizations list-targets-for-policy --policy-id "$id"
    done
  done
}

collect_organization() {
  local id
  call organization/organization.json organizations:DescribeOrganization '' organizations describe-organization || return 0
  grep -q '"exit":0' "$folder/organization/organization.json" || return 0
  call organization/accounts.json organizations:ListAccounts '' organizations list-accounts
  call organization/roots.json organizations:ListRoots '' organizations list-roots
  for id in $(values_of Id "$folder/organization/roots.json" | grep '^r-'); do collect_units "$id" 0; done
  collect_policies
  call organization/delegated.json organizations:ListDelegatedAdministrators '' \
    organizations list-delegated-administrators
  for id in $(values_of Id "$folder/organization/delegated.json"); do
    call "organization/delegated/$id.json" organizations:ListDelegatedServicesForAccount "AccountId=$id" \
      organizations list-delegated-services-for-account --account-id "$id"
  done
  call organization/trusted.json organizations:ListAWSServiceAccessForOrganization '' \
    organizations list-aws-service-access-for-organization
  call organization/root-access.json iam:ListOrganizationsFeatures '' iam list-organizations-features
}

# ---- an account --------------------------------------------------------------------------------------------------------

collect_iam() {
  local user try
  call "$account/iam/summary.json" iam:GetAccountSummary '' iam get-account-summary
  call "$account/iam/details.json" iam:GetAccountAuthorizationDetails '' iam get-account-authorization-details
  call "$account/iam/password-policy.json" iam:GetAccountPasswordPolicy '' iam get-account-password-policy
  call "$account/iam/virtual-mfa.json" iam:ListVirtualMFADevices '' iam list-virtual-mfa-devices
  for user in $(values_of UserName "$folder/$account/iam/details.json"); do
    call "$account/iam/mfa/$user.json" iam:ListMFADevices "UserName=$user" iam list-mfa-devices --user-name "$user"
  done
  # The report is made on request and takes some seconds; generating it changes nothing in the account.
  if ! is_answered "$folder/$account/iam/credential-report.json"; then
    for try in 1 2 3 4 5 6; do
      aws iam generate-credential-report --output text 2>/dev/null | grep -q COMPLETE && break
      sleep "${COLLECT_WAIT:-$try}"
    done
  fi
  call "$account/iam/credential-report.json" iam:GetCredentialReport '' iam get-credential-report
}

# A name as the name of a file.
file_name() {
  printf '%s' "${1//[^A-Za-z0-9._+=,@-]/\~}"
}

collect_providers() {
  local arn
  call "$account/iam/oidc-providers.json" iam:ListOpenIDConnectProviders '' iam list-open-id-connect-providers
  for arn in $(values_of Arn "$folder/$account/iam/oidc-providers.json"); do
    call "$account/iam/oidc/$(file_name "${arn#*:oidc-provider/}").json" iam:GetOpenIDConnectProvider \
      "OpenIDConnectProviderArn=$arn" iam get-open-id-connect-provider --open-id-connect-provider-arn "$arn"
  done
  call "$account/iam/saml-providers.json" iam:ListSAMLProviders '' iam list-saml-providers
}

# What users and roles last used. IAM makes each report on request, in some seconds: all are requested, then fetched.
collect_last_used() {
  local arn job file try number=0
  local -a arns=() jobs=()
  for arn in $(values_of Arn "$folder/$account/iam/details.json" | grep -E ':(user|role)/' | grep -v ':role/aws-service-role/'); do
    file="$account/iam/last-used/$(file_name "${arn#*:iam::"$account":}").json"
    if is_answered "$folder/$file"; then skipped=$((skipped + 1)); continue; fi
    pace
    asked=$((asked + 1))
    if job=$(aws iam generate-service-last-accessed-details --arn "$arn" --granularity ACTION_LEVEL --output text \
      --query JobId 2>&1); then
      arns[number]=$arn jobs[number]=$job number=$((number + 1))
    else
      note_failed "$file" iam:GetServiceLastAccessedDetails "Arn=$arn" "$job" \
        iam generate-service-last-accessed-details --arn "$arn" --granularity ACTION_LEVEL
    fi
  done
  while [ $number -gt 0 ]; do
    number=$((number - 1))
    arn=${arns[number]} job=${jobs[number]}
    file="$account/iam/last-used/$(file_name "${arn#*:iam::"$account":}").json"
    for try in 1 2 3 4 5 6; do
      call "$file" iam:GetServiceLastAccessedDetails "Arn=$arn JobId=$job" \
        iam get-service-last-accessed-details --job-id "$job" --max-items 1000
      grep -q '"JobStatus": *"IN_PROGRESS"' "$folder/$file" || continue 2
      rm -f "$folder/$file"
      sleep "${COLLECT_WAIT:-$try}"
    done
    note_failed "$file" iam:GetServiceLastAccessedDetails "Arn=$arn" "the report was not ready in time" \
      iam get-service-last-accessed-details --job-id "$job"
  done
}

collect_buckets() {
  local name at
  call "$account/s3/public-access-block.json" s3control:GetPublicAccessBlock "AccountId=$account" \
    s3control get-public-access-block --account-id "$account"
  call "$account/s3/buckets.json" s3:ListBuckets '' s3api list-buckets
  for name in $(values_of Name "$folder/$account/s3/buckets.json"); do
    at="$account/s3/bucket/$name"
    call "$at/policy.json" s3:GetBucketPolicy "Bucket=$name" s3api get-bucket-policy --bucket "$name"
    call "$at/public-access-block.json" s3:GetPublicAccessBlock "Bucket=$name" \
      s3api get-public-access-block --bucket "$name"
    call "$at/ownership.json" s3:GetBucketOwnershipControls "Bucket=$name" \
      s3api get-bucket-ownership-controls --bucket "$name"
    # Where the owner is enforced, the list of the bucket counts for nothing.
    grep -q '"BucketOwnerEnforced"' "$folder/$at/ownership.json" ||
      call "$at/acl.json" s3:GetBucketAcl "Bucket=$name" s3api get-bucket-acl --bucket "$name"
  done
}

collect_resource_policies() {
  local id name at="$account/$region" file="$folder/$account/$region"
  call "$at/access-points.json" s3control:ListAccessPoints "AccountId=$account" \
    s3control list-access-points --account-id "$account" --region "$region"
  for id in $(values_of Name "$file/access-points.json"); do
    call "$at/access-point/$id.json" s3control:GetAccessPoint "AccountId=$account Name=$id" \
      s3control get-access-point --account-id "$account" --name "$id" --region "$region"
    call "$at/access-point-policy/$id.json" s3control:GetAccessPointPolicy "AccountId=$account Name=$id" \
      s3control get-access-point-policy --account-id "$account" --name "$id" --region "$region"
  done
  call "$at/keys.json" kms:ListKeys '' kms list-keys --region "$region"
  call "$at/key-aliases.json" kms:ListAliases '' kms list-aliases --region "$region"
  for id in $(values_of KeyId "$file/keys.json"); do
    call "$at/key/$id.json" kms:DescribeKey "KeyId=$id" kms describe-key --key-id "$id" --region "$region"
    call "$at/key-policy/$id.json" kms:GetKeyPolicy "KeyId=$id PolicyName=default" \
      kms get-key-policy --key-id "$id" --policy-name default --region "$region"
    call "$at/key-grants/$id.json" kms:ListGrants "KeyId=$id" kms list-grants --key-id "$id" --region "$region"
  done
  call "$at/queues.json" sqs:ListQueues '' sqs list-queues --region "$region"
  for id in $(items_of QueueUrls "$file/queues.json"); do
    call "$at/queue/${id##*/}.json" sqs:GetQueueAttributes "QueueUrl=$id AttributeNames=QueueArn,Policy" \
      sqs get-queue-attributes --queue-url "$id" --attribute-names QueueArn Policy --region "$region"
  done
  call "$at/topics.json" sns:ListTopics '' sns list-topics --region "$region"
  for id in $(values_of TopicArn "$file/topics.json"); do
    call "$at/topic/${id##*:}.json" sns:GetTopicAttributes "TopicArn=$id" \
      sns get-topic-attributes --topic-arn "$id" --region "$region"
  done
  # Not the functions' environments: they are where secrets live.
  call "$at/functions.json" lambda:ListFunctions '' lambda list-functions --region "$region" \
    --query '{Functions: Functions[].{FunctionName: FunctionName, FunctionArn: FunctionArn, Role: Role}}'
  for id in $(values_of FunctionName "$file/functions.json"); do
    call "$at/function/$id.json" lambda:GetPolicy "FunctionName=$id" \
      lambda get-policy --function-name "$id" --region "$region"
  done
  call "$at/secrets.json" secretsmanager:ListSecrets '' secretsmanager list-secrets --region "$region"
  for id in $(values_of ARN "$file/secrets.json"); do
    call "$at/secret/$(file_name "${id#*:secret:}").json" secretsmanager:GetResourcePolicy "SecretId=$id" \
      secretsmanager get-resource-policy --secret-id "$id" --region "$region"
  done
  call "$at/repositories.json" ecr:DescribeRepositories '' ecr describe-repositories --region "$region"
  for name in $(values_of repositoryName "$file/repositories.json"); do
    call "$at/repository/$(file_name "$name").json" ecr:GetRepositoryPolicy "RepositoryName=$name" \
      ecr get-repository-policy --repository-name "$name" --region "$region"
  done
}

collect_contacts() {
  local type
  for type in SECURITY OPERATIONS BILLING; do
    call "$account/contact-$type.json" account:GetAlternateContact "AlternateContactType=$type" \
      account get-alternate-contact --alternate-contact-type "$type"
  done
  call "$account/contact.json" account:GetContactInformation '' account get-contact-information
}

collect_region() {
  local id at="$account/$region" file="$folder/$account/$region"
  call "$at/trails.json" cloudtrail:DescribeTrails '' cloudtrail describe-trails --region "$region"
  # A trail is asked about where it lives; what other regions show of it is its shadow.
  for id in $(values_of TrailARN "$file/trails.json" | grep ":cloudtrail:$region:"); do
    call "$at/trail-status-${id##*/}.json" cloudtrail:GetTrailStatus "Name=$id" \
      cloudtrail get-trail-status --name "$id" --region "$region"
    call "$at/trail-selectors-${id##*/}.json" cloudtrail:GetEventSelectors "TrailName=$id" \
      cloudtrail get-event-selectors --trail-name "$id" --region "$region"
  done
  call "$at/recorders.json" config:DescribeConfigurationRecorders '' \
    configservice describe-configuration-recorders --region "$region"
  call "$at/recorder-status.json" config:DescribeConfigurationRecorderStatus '' \
    configservice describe-configuration-recorder-status --region "$region"
  call "$at/channels.json" config:DescribeDeliveryChannels '' \
    configservice describe-delivery-channels --region "$region"
  call "$at/channel-status.json" config:DescribeDeliveryChannelStatus '' \
    configservice describe-delivery-channel-status --region "$region"
  call "$at/detectors.json" guardduty:ListDetectors '' guardduty list-detectors --region "$region"
  for id in $(items_of DetectorIds "$file/detectors.json"); do
    call "$at/detector-$id.json" guardduty:GetDetector "DetectorId=$id" \
      guardduty get-detector --detector-id "$id" --region "$region"
  done
  call "$at/hub.json" securityhub:DescribeHub '' securityhub describe-hub --region "$region"
  call "$at/standards.json" securityhub:GetEnabledStandards '' securityhub get-enabled-standards --region "$region"
  call "$at/inspector.json" inspector2:BatchGetAccountStatus '' inspector2 batch-get-account-status --region "$region"
  call "$at/analyzers.json" accessanalyzer:ListAnalyzers '' accessanalyzer list-analyzers --region "$region"
  call "$at/identity-center.json" sso-admin:ListInstances '' sso-admin list-instances --region "$region"
}

# The regions that are on: Account's answer, or EC2's where the role may not ask Account.
regions_of() {
  if [ -n "$only_regions" ]; then echo "$only_regions"; return 0; fi
  call "$account/regions.json" account:ListRegions '' account list-regions
  call "$account/regions-ec2.json" ec2:DescribeRegions "AllRegions=true" ec2 describe-regions --all-regions \
    --region "$home_region"
  {
    tr -d ' \n' <"$folder/$account/regions.json" | grep -o '"RegionName":"[^"]*","RegionOptStatus":"ENABLED[^"]*"'
    tr '{}' '\n' <"$folder/$account/regions-ec2.json" | tr -d ' ' | awk '
      /"OptInStatus":"(opted-in|opt-in-not-required)"/ { on = 1 } /"RegionName":/ { name = $0 }
      /^$/ { if (on && name != "") print name; on = 0; name = "" }'
  } 2>/dev/null | sed -n 's/.*"RegionName":"\([^"]*\)".*/\1/p' | sort -u
}

collect_account() {
  local regions
  region="$home_region"
  collect_iam
  collect_contacts
  if [ $policies = 1 ]; then
    collect_providers
    collect_buckets
  fi
  regions=$(regions_of)
  # The regions were found in a process of its own: what it asked is counted from the files.
  for region in $regions; do
    collect_region
    if [ $policies = 1 ]; then collect_resource_policies; fi
  done
  region="$home_region"
  if [ $last_used = 1 ]; then collect_last_used; fi
}

# Runs a function with the credentials of the role in the account, which end with it.
in_account() {
  local answer
  if [ "$account" = "$own_account" ]; then collect_account; return; fi
  if ! answer=$(aws sts assume-role --role-arn "arn:$partition:iam::$account:role/$role_name" \
    --role-session-name vigil-collect --duration-seconds 3600 --output text \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' 2>&1); then
    echo "collect: $account: the role $role_name could not be taken on: ${answer##*$'\n'}" >&2
    failed=$((failed + 1))
    is_answered "$folder/$account/iam/summary.json" ||
      note_failed "$account/iam/summary.json" iam:GetAccountSummary '' "$answer" iam get-account-summary
    return
  fi
  local key secret token
  read -r key secret token <<<"$answer"
  local before="${AWS_ACCESS_KEY_ID-}" before_secret="${AWS_SECRET_ACCESS_KEY-}" before_token="${AWS_SESSION_TOKEN-}"
  local before_profile="${AWS_PROFILE-}"
  unset AWS_PROFILE
  export AWS_ACCESS_KEY_ID="$key" AWS_SECRET_ACCESS_KEY="$secret" AWS_SESSION_TOKEN="$token"
  collect_account
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
  [ -z "$before" ] || export AWS_ACCESS_KEY_ID="$before" AWS_SECRET_ACCESS_KEY="$before_secret"
  [ -z "$before_token" ] || export AWS_SESSION_TOKEN="$before_token"
  [ -z "$before_profile" ] || export AWS_PROFILE="$before_profile"
}

# ---- all -----------------------------------------------------------------------------------------------------------------

if ! identity=$(aws sts get-caller-identity --output text --query '[Account,Arn]' 2>&1); then
  echo "collect: no credentials that AWS accepts: ${identity##*$'\n'}" >&2
  exit 4
fi
own_account=${identity%%[[:space:]]*}
caller=${identity##*[[:space:]]}
partition=${caller#arn:}
partition=${partition%%:*}
case "$partition" in
  aws-cn) home_region=${AWS_REGION:-cn-north-1} ;;
  aws-us-gov) home_region=${AWS_REGION:-us-gov-west-1} ;;
  *) home_region=${AWS_REGION:-us-east-1} ;;
esac
export AWS_REGION="$home_region" AWS_DEFAULT_REGION="$home_region"

account=$own_account region=$home_region
collect_organization
# Accounts that are closed or suspended answer nothing.
accounts=$own_account
if [ -n "$only_accounts" ]; then
  accounts=$only_accounts
elif [ -s "$folder/organization/accounts.json" ]; then
  accounts="$own_account $(tr '{}' '\n' <"$folder/organization/accounts.json" | tr -d ' ' | awk '
    /^"Id":"[0-9]+"/ { id = $0; sub(/^"Id":"/, "", id); sub(/".*/, "", id) }
    /"(Status|State)":"ACTIVE"/ { on = 1 }
    /^$/ { if (on && id != "") print id; on = 0; id = "" }' | sort -u | grep -v "^$own_account\$" | tr '\n' ' ')"
fi
total=0 number=0
for account in $accounts; do total=$((total + 1)); done
for account in $accounts; do
  number=$((number + 1))
  echo "collect: account $account ($number of $total)" >&2
  in_account
done
unanswered=$(find "$folder" -name '*.json' -exec grep -L '^"exit":0,$' {} + | while read -r file; do
  is_answered "$file" || echo "$file"; done | wc -l)
echo "collect: $asked calls made, $skipped known already, $((unanswered)) without an answer; now: vigil import $folder" >&2
[ "$unanswered" -eq 0 ] && [ "$failed" -eq 0 ]  || exit 3
