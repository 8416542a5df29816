"""terraform_iam.py: IAM out of Terraform files, for tests until templates are read: users, roles, groups, policies, what is
attached, and resources that run as roles. Expressions are read as far as such files use them: strings with ${...},
heredocs, objects, lists, references, jsonencode, format, base64encode, a ? b : c. What cannot be resolved is None."""
import json
import re

ACCOUNT = "111122223333"
REGION = "us-east-1"

TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)|(?P<line>\n)|(?P<heredoc><<-?(?P<mark>\w+)\n(?P<text>.*?)\n[ \t]*(?P=mark)\b)"""
    r"""|(?P<string>"(?:\\.|\$\{[^}]*\}|[^"\\])*")|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)"""
    r"""|(?P<op>==|!=|>=|<=|&&|\|\||=>|\.\.\.|[{}\[\]()=,:?.*<>!+/%-])""", re.S)


def tokens(text):
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"Terraform: {text[at:at + 40]!r}")
        at = match.end()
        kind = match.lastgroup if match.lastgroup not in ("mark", "text") else "heredoc"
        if kind != "space":
            yield kind, match.group("text") if match.group("heredoc") else match.group(kind)
    yield "end", ""


class Ref:
    def __init__(self, path):
        self.path = path


class Call:
    def __init__(self, name, args):
        self.name, self.args = name, args


class Text:
    def __init__(self, text):
        self.text = text


class Choice:
    def __init__(self, test, yes, no):
        self.test, self.yes, self.no = test, yes, no


class Parser:
    def __init__(self, text):
        self.items, self.at = list(tokens(text)), 0

    def peek(self, ahead=0):
        return self.items[self.at + ahead]

    def skip_lines(self):
        while self.peek()[0] == "line":
            self.at += 1

    def take(self, *expected):
        token = self.peek()
        if expected and token[1] not in expected:
            raise ValueError(f"Terraform: {token} where {expected} belongs")
        self.at += 1
        return token

    def body(self, end):
        """[(kind, labels, body)] of blocks, {name: expression} of attributes."""
        blocks, attributes = [], {}
        while True:
            self.skip_lines()
            if self.peek()[1] == end or self.peek()[0] == "end":
                self.at += 1
                return blocks, attributes
            name = self.take()[1].strip('"')
            if self.peek()[1] == "=":
                self.take("=")
                attributes[name] = self.expression()
                continue
            labels = []
            while self.peek()[1] != "{":
                labels.append(self.take()[1].strip('"'))
            self.take("{")
            blocks.append((name, labels, self.body("}")))

    def expression(self):
        self.skip_lines()
        left = self.operand()
        while self.peek()[1] in ("==", "!=", "&&", "||", ">", "<", "+", "-", "/", "%", ">=", "<="):
            op = self.take()[1]
            self.skip_lines()
            left = Call(op, [left, self.operand()])
        if self.peek()[1] == "?":
            self.take("?")
            yes = self.expression()
            self.skip_lines()
            self.take(":")
            return Choice(left, yes, self.expression())
        return left

    def operand(self):
        kind, text = self.take()
        if kind == "string":
            return Text(text[1:-1].replace('\\"', '"').replace("\\n", "\n"))
        if kind == "heredoc":
            return Text(text)
        if kind == "number":
            return float(text) if "." in text else int(text)
        if text == "{":
            return self.object()
        if text == "[":
            return self.list()
        if text == "(":
            inner = self.expression()
            self.skip_lines()
            self.take(")")
            return inner
        if text in ("!", "-"):
            return Call(text, [self.operand()])
        if kind == "name":
            return self.named(text)
        raise ValueError(f"Terraform: {kind} {text!r}")

    def named(self, text):
        if text in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text]
        if self.peek()[1] == "(":
            self.take("(")
            args = []
            self.skip_lines()
            while self.peek()[1] != ")":
                args.append(self.expression())
                self.skip_lines()
                if self.peek()[1] == ",":
                    self.take(",")
                self.skip_lines()
            self.take(")")
            return self.tail(Call(text, args))
        path = [text]
        while self.peek()[1] in (".", "["):
            if self.take()[1] == ".":
                path.append(self.take()[1])
            else:
                inner = self.expression()
                self.take("]")
                path.append(inner if isinstance(inner, int) else "*")
        return Ref(path)

    def tail(self, value):
        while self.peek()[1] in (".", "["):
            if self.take()[1] == ".":
                self.take()
            else:
                self.expression()
                self.take("]")
        return value

    def object(self):
        out = {}
        while True:
            self.skip_lines()
            if self.peek()[1] == "}":
                self.take("}")
                return out
            if self.peek()[1] == "(":
                self.take("(")
                key = self.expression()
                self.take(")")
            else:
                key = self.take()[1]
                key = Text(key[1:-1]) if key.startswith('"') else key
            self.skip_lines()
            self.take("=", ":")
            out[key if isinstance(key, str) else (key.text if isinstance(key, Text) else str(key))] = self.expression()
            self.skip_lines()
            if self.peek()[1] == ",":
                self.take(",")

    def list(self):
        out = []
        while True:
            self.skip_lines()
            if self.peek()[1] == "]":
                self.take("]")
                return out
            out.append(self.expression())
            self.skip_lines()
            if self.peek()[1] == ",":
                self.take(",")


RUNS = {  # Terraform type: CloudFormation's, how its ARN is made of its name, and where the role stands
    "aws_lambda_function": ("AWS::Lambda::Function", "arn:aws:lambda:{r}:{a}:function:{n}", "role", "Role"),
    "aws_instance": ("AWS::EC2::Instance", "arn:aws:ec2:{r}:{a}:instance/{n}", "iam_instance_profile", "IamInstanceProfile"),
    "aws_launch_template": ("AWS::EC2::LaunchTemplate", "arn:aws:ec2:{r}:{a}:launch-template/{n}", None, None),
    "aws_cloudformation_stack": ("AWS::CloudFormation::Stack", "arn:aws:cloudformation:{r}:{a}:stack/{n}/1", "iam_role_arn", "RoleARN"),
    "aws_glue_dev_endpoint": ("AWS::Glue::DevEndpoint", "arn:aws:glue:{r}:{a}:devEndpoint/{n}", "role_arn", "RoleArn"),
    "aws_sagemaker_notebook_instance": ("AWS::SageMaker::NotebookInstance", "arn:aws:sagemaker:{r}:{a}:notebook-instance/{n}", "role_arn", "RoleArn"),
    "aws_codebuild_project": ("AWS::CodeBuild::Project", "arn:aws:codebuild:{r}:{a}:project/{n}", "service_role", "ServiceRole"),
    "aws_bedrockagentcore_code_interpreter": ("AWS::BedrockAgentCore::CodeInterpreterCustom", "arn:aws:bedrock-agentcore:{r}:{a}:code-interpreter-custom/{n}", "execution_role_arn", "ExecutionRoleArn"),
}
KINDS = {"aws_iam_user": "user", "aws_iam_role": "role", "aws_iam_group": "group", "aws_iam_policy": "policy",
         "aws_iam_instance_profile": "instance-profile"}


class Module:
    """The resources of some .tf files of one module."""

    def __init__(self, texts, variables=None):
        self.resources, self.locals, self.documents = {}, {}, {}
        self.variables = {"account_id": ACCOUNT, "resource_suffix": "x1", "environment": "prod", "region": REGION}
        given = variables or {}
        for text in texts:
            for kind, labels, (blocks, attributes) in Parser(text + "\n").body("end of file")[0]:
                if kind == "resource":
                    self.resources[tuple(labels)] = (blocks, attributes)
                elif kind == "data":
                    self.documents[tuple(labels)] = (blocks, attributes)
                elif kind == "variable" and "default" in attributes:
                    self.variables.setdefault(labels[0], self.value(attributes["default"]))
                elif kind == "locals":
                    self.locals.update(attributes)
        self.variables.update(given)

    # ---- expressions

    def value(self, e):
        if isinstance(e, Text):
            return self.template(e.text)
        if isinstance(e, dict):
            return {self.template(k): self.value(v) for k, v in e.items()}
        if isinstance(e, list):
            return [self.value(v) for v in e]
        if isinstance(e, Ref):
            return self.reference(e.path)
        if isinstance(e, Choice):
            return self.value(e.yes) if self.value(e.test) else self.value(e.no)
        if isinstance(e, Call):
            args = [self.value(a) for a in e.args]
            if e.name == "jsonencode":
                return json.dumps(args[0])
            if e.name == "format":
                return args[0].replace("%s", "{}").format(*args[1:])
            if e.name in ("base64encode", "trimspace", "tostring", "toset"):
                return args[0]
            if e.name in ("==", "!="):
                return (args[0] == args[1]) == (e.name == "==")
            return None
        return e

    def template(self, text):
        out = re.sub(r"(?<!\$)\$\{([^}]*)\}", lambda m: str(self.value(Parser(m.group(1) + "\n").expression())), text)
        return out.replace("$${", "${")

    def reference(self, path):
        head = path[0]
        if head == "var":
            return self.variables.get(path[1])
        if head == "local":
            return self.value(self.locals.get(path[1]))
        if head == "data":
            if path[1] == "aws_caller_identity":
                return ACCOUNT if path[-1] == "account_id" else f"arn:aws:iam::{ACCOUNT}:user/operator"
            if path[1] == "aws_region":
                return REGION
            if path[1] == "aws_partition":
                return "aws"
            if path[1] == "aws_iam_policy_document":
                return json.dumps(self.document(*self.documents[(path[1], path[2])]))
            if path[1] == "aws_iam_policy":
                return f"arn:aws:iam::aws:policy/{path[2]}"
            return None
        key = (path[0], path[1]) if len(path) > 1 else None
        if key not in self.resources:
            return None
        if path[-1] == "arn" or (path[-1] == "id" and path[0] == "aws_iam_policy"):
            return self.arn(key)
        return self.name(key) if path[-1] in ("name", "id", "function_name", "bucket") else None

    def document(self, blocks, _):
        statements = []
        for kind, _, (inner, attributes) in blocks:
            if kind != "statement":
                continue
            s = {"Effect": self.value(attributes.get("effect", Text("Allow")))}
            for ours, theirs in (("actions", "Action"), ("resources", "Resource")):
                if ours in attributes:
                    s[theirs] = self.value(attributes[ours])
            for name, _, (_, a) in inner:
                if name == "principals":
                    s["Principal"] = {self.value(a["type"]): self.value(a["identifiers"])}
            statements.append(s)
        return {"Version": "2012-10-17", "Statement": statements}

    def name(self, key):
        attributes = self.resources[key][1]
        for name in ("name", "function_name", "bucket", "code_interpreter_name"):
            if name in attributes:
                return self.value(attributes[name])
        return key[1]

    def arn(self, key):
        kind = KINDS.get(key[0])
        if kind:
            path = self.value(self.resources[key][1].get("path")) or "/"
            return f"arn:aws:iam::{ACCOUNT}:{kind}{path}{self.name(key)}"
        if key[0] in RUNS:
            return RUNS[key[0]][1].format(r=REGION, a=ACCOUNT, n=self.name(key))
        if key[0] == "aws_s3_bucket":
            return f"arn:aws:s3:::{self.name(key)}"
        return f"arn:aws:unknown:{REGION}:{ACCOUNT}:{key[0]}/{self.name(key)}"


def policy(text):
    return json.loads(text) if isinstance(text, str) else text


class Account:
    """What the modules make, as one account; `entries()` is what an export of it holds."""

    def __init__(self, *modules):
        self.users, self.roles, self.groups, self.policies, self.profiles, self.runs = {}, {}, {}, {}, {}, []
        self.buckets = []
        for module in modules:
            self.read(module)

    def holder(self, kind, name):
        return {"user": self.users, "role": self.roles, "group": self.groups}[kind].setdefault(
            name, {"path": "/", "attached": [], "inline": {}, "groups": [], "trust": None, "boundary": None})

    def read(self, m):
        for key, (blocks, attributes) in m.resources.items():
            a = {k: m.value(v) for k, v in attributes.items()}
            kind = KINDS.get(key[0])
            if kind in ("user", "role", "group"):
                self.principal(m, kind, m.name(key), a, blocks)
            elif kind == "policy":
                self.policies[m.arn(key)] = policy(a["policy"])
            elif kind == "instance-profile":
                self.profiles[m.name(key)] = a.get("role")
            elif key[0] == "aws_s3_bucket":
                self.buckets.append(m.name(key))
            elif key[0] in RUNS:
                self.running(m, key, a, blocks)
            else:
                self.attach(key[0], a)

    def principal(self, m, kind, name, a, blocks):
        h = self.holder(kind, name)
        h["path"] = a.get("path") or "/"
        h["boundary"] = a.get("permissions_boundary")
        h["attached"] += [p for p in a.get("managed_policy_arns") or [] if p]
        if "assume_role_policy" in a:
            h["trust"] = policy(a["assume_role_policy"])
        for block, _, (_, inner) in blocks:
            if block == "inline_policy" and "policy" in inner:
                h["inline"][m.value(inner["name"])] = policy(m.value(inner["policy"]))

    def running(self, m, key, a, blocks):
        kind, _, attribute, prop = RUNS[key[0]]
        value = a.get(attribute) if attribute else None
        properties = {prop: value} if prop else {}
        for block, _, (_, inner) in blocks:
            if block == "iam_instance_profile":
                name = m.value(inner.get("name") or inner.get("arn"))
                properties = {"LaunchTemplateData": {"IamInstanceProfile": {"Arn": name}}}
                value = name
        if value:
            self.runs.append((kind, m.arn(key), properties))

    def attach(self, kind, a):
        for who in ("user", "role", "group"):
            if kind == f"aws_iam_{who}_policy":
                self.holder(who, a[who])["inline"][a.get("name") or "inline"] = policy(a["policy"])
            if kind == f"aws_iam_{who}_policy_attachment":
                self.holder(who, a[who])["attached"].append(a["policy_arn"])
        if kind == "aws_iam_user_group_membership":
            self.holder("user", a["user"])["groups"] += a["groups"]
        if kind == "aws_iam_group_membership":
            for user in a["users"]:
                self.holder("user", user)["groups"].append(a["group"])
        if kind == "aws_iam_policy_attachment":
            for who in ("user", "role", "group"):
                for name in a.get(who + "s") or []:
                    self.holder(who, name)["attached"].append(a["policy_arn"])
