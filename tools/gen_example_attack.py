#!/usr/bin/env python3
"""Writes examples/attack/: an hour of CloudTrail of the example's shop-prod in which a leaked key is used.

A deploy key leaks. Whoever found it looks around, tries to become more, makes a user to stay, switches logging off, opens a
bucket and starts machines in a region where nobody works. Between that, the shop goes on. Deterministic: the same bytes each
time."""
import json
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

ACCOUNT = "666677778888"
START = datetime(2026, 11, 19, 2, 0, tzinfo=timezone.utc)
ATTACKER = "203.0.113.77"
OUT = Path(__file__).resolve().parent.parent / "examples" / "attack"

LEAKED = {"type": "IAMUser", "principalId": "AIDAEXAMPLEDEPLOY0001", "arn": f"arn:aws:iam::{ACCOUNT}:user/deploy",
          "accountId": ACCOUNT, "accessKeyId": "AKIAEXAMPLEDEPLOY001", "userName": "deploy"}
BACKUP_USER = {"type": "IAMUser", "principalId": "AIDAEXAMPLEBACKUP0001",
               "arn": f"arn:aws:iam::{ACCOUNT}:user/backup-svc", "accountId": ACCOUNT,
               "accessKeyId": "AKIAEXAMPLEBACKUP001", "userName": "backup-svc"}
SHOP = {"type": "AssumedRole", "principalId": "AROAEXAMPLESHOP00001:web", "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/shop-web/web", "accessKeyId": "ASIAEXAMPLESHOP00001",
        "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLESHOP00001",
                                             "arn": f"arn:aws:iam::{ACCOUNT}:role/shop-web", "accountId": ACCOUNT,
                                             "userName": "shop-web"},
                           "attributes": {"creationDate": "2026-11-19T01:55:00Z", "mfaAuthenticated": "false"}}}

events = []


def event(minute, who, source, name, region="eu-west-1", ip=ATTACKER, agent="aws-cli/2.31.0", error=None, message=None,
          parameters=None, response=None, read=False):
    number = len(events)
    when = START + timedelta(seconds=int(minute * 60))
    record = {"eventVersion": "1.11", "userIdentity": who, "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
              "eventSource": f"{source}.amazonaws.com", "eventName": name, "awsRegion": region, "sourceIPAddress": ip,
              "userAgent": agent, "requestParameters": parameters, "responseElements": response,
              "requestID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"request {number}")),
              "eventID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"event {number}")), "readOnly": read,
              "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": ACCOUNT,
              "eventCategory": "Management"}
    if error:
        record["errorCode"], record["errorMessage"] = error, message or "not authorized"
    events.append(record)


def shop(minute):
    event(minute, SHOP, "ssm", "GetParameter", ip="10.0.4.21", agent="aws-sdk-java/2.28", read=True,
          parameters={"name": "/shop/feature-flags", "withDecryption": False})


for tick in range(0, 60, 6):
    shop(tick)
event(3, LEAKED, "sts", "GetCallerIdentity", read=True)
for i, (source, name) in enumerate([
        ("iam", "ListUsers"), ("iam", "ListRoles"), ("iam", "GetAccountSummary"), ("s3", "ListBuckets"),
        ("ec2", "DescribeInstances"), ("ec2", "DescribeRegions"), ("rds", "DescribeDBInstances"),
        ("lambda", "ListFunctions20150331"), ("secretsmanager", "ListSecrets"), ("dynamodb", "ListTables"),
        ("sns", "ListTopics"), ("sqs", "ListQueues"), ("kms", "ListKeys"), ("ecs", "ListClusters"),
        ("eks", "ListClusters"), ("route53", "ListHostedZones"), ("cloudtrail", "DescribeTrails"),
        ("guardduty", "ListDetectors")]):
    event(3.5 + i * 0.1, LEAKED, source, name, read=True)
for i, name in enumerate(["AttachUserPolicy", "PutUserPolicy", "CreatePolicyVersion"]):
    event(7 + i * 0.3, LEAKED, "iam", name, error="AccessDenied",
          message=f"User: {LEAKED['arn']} is not authorized to perform: iam:{name}",
          parameters={"userName": "deploy", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"})
event(9, LEAKED, "iam", "CreateUser", parameters={"userName": "backup-svc"},
      response={"user": {"userName": "backup-svc", "arn": BACKUP_USER["arn"], "userId": BACKUP_USER["principalId"]}})
event(9.3, LEAKED, "iam", "CreateAccessKey", parameters={"userName": "backup-svc"},
      response={"accessKey": {"userName": "backup-svc", "accessKeyId": BACKUP_USER["accessKeyId"], "status": "Active"}})
event(9.6, LEAKED, "iam", "AddUserToGroup", parameters={"userName": "backup-svc", "groupName": "administrators"})
event(14, BACKUP_USER, "cloudtrail", "StopLogging",
      parameters={"name": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/shop-audit"})
event(16, BACKUP_USER, "s3", "PutBucketPolicy", parameters={
    "bucketName": "kestrel-orders-export", "Host": "kestrel-orders-export.s3.eu-west-1.amazonaws.com",
    "bucketPolicy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": "arn:aws:s3:::kestrel-orders-export/*"}]}})
event(21, BACKUP_USER, "ec2", "RunInstances", region="ap-southeast-3", parameters={
    "instancesSet": {"items": [{"imageId": "ami-0example000000001", "minCount": 16, "maxCount": 16}]},
    "instanceType": "p4d.24xlarge", "monitoring": {"enabled": False}, "disableApiTermination": True},
    response={"reservationId": "r-0example0000000001", "instancesSet": {"items": [
        {"instanceId": f"i-0example{n:010d}", "instanceType": "p4d.24xlarge"} for n in range(2)]}})

events.sort(key=lambda e: e["eventTime"])
folder = OUT / "AWSLogs" / ACCOUNT / "CloudTrail" / "eu-west-1" / "2026" / "11" / "19"
folder.mkdir(parents=True, exist_ok=True)
name = f"{ACCOUNT}_CloudTrail_eu-west-1_20261119T0300Z_Kestrel0Example1.json"
(folder / name).write_text('{"Records":[\n' + ",\n".join(json.dumps(e, separators=(",", ":")) for e in events) + "\n]}\n")
