# `make demo` and `make test` need Python 3.11 or later, make and a package index. They install everything else.

PYTHON ?= python3
CHECKOV_VERSION := 3.3.30
PIP_AUDIT_VERSION := 2.10.1
MUTMUT_VERSION := 3.8.1

# Part of the Lambda runtime, so src/requirements.txt leaves them out.
RUNTIME_PACKAGES := boto3 botocore python-dateutil s3transfer six

# Python: variables that would start another program, or find other modules.
unexport PYTHONHOME PYTHONINSPECT PYTHONOPTIMIZE PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP PYTHONWARNINGS
# pip: variables that would install elsewhere, or install other packages. Index, proxy and certificates stay as they are set.
unexport PIP_CONSTRAINT PIP_DRY_RUN PIP_NO_BINARY PIP_ONLY_BINARY PIP_PREFIX PIP_REQUIRE_VIRTUALENV PIP_REQUIREMENT PIP_ROOT PIP_TARGET PIP_USER
# Text is UTF-8, whatever the locale says.
export PYTHONUTF8 := 1
PIP_INSTALL := -m pip install --no-user --quiet --disable-pip-version-check

# An environment belongs to one version of Python. Another version sets it up again.
PYTHON_VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())')
READY := ready-$(PYTHON_VERSION)

.PHONY: help demo events stack double smoke test crashes check coverage soak mutants bench lint format template scan audit lock upgrade clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv-local/$(READY) ## run the application on this machine, against stand-ins for SendGrid and AWS
	@.venv-local/bin/python -m local.demo

events: .venv/$(READY) ## write the sample events again after their builders have changed
	.venv/bin/python -m tests.support.sample_events

# Options are read from the command line only: many environments set PORT or HOST.
option = $(if $(filter command,$(origin $(1))),--$(2)='$($(1))')

stack: .venv-local/$(READY) ## run the whole application on this machine, to try it; LOGS=1 shows its logs, AWS_PORT=… is another port
	@.venv-local/bin/python -m local.stack $(call option,AWS_PORT,aws-port) $(call option,SENDGRID_PORT,sendgrid-port) \
		$(call option,HOST,host) $(call option,TIME_SCALE,time-scale) $(if $(filter 1,$(LOGS)),--logs)

double: .venv-local/$(READY) ## run only the SendGrid double, for any program; docs/double.md describes it and its options
	@.venv-local/bin/python -m local.sendgrid_double $(call option,HOST,host) $(call option,PORT,port) \
		$(call option,CONTACTS,contacts) $(call option,JOB_DELAY,job-delay) $(call option,EXPORT_DELAY,export-delay) \
		$(call option,LATENCY,latency) $(call option,RATE_LIMIT,rate-limit) $(call option,WINDOW,window) \
		$(call option,RESET,reset) $(call option,API_KEY,api-key)

ifneq ($(filter smoke,$(MAKECMDGOALS)),)
ifeq ($(strip $(STACK)),)
$(error STACK is missing. Name the deployed stack: make smoke STACK=sendgrid-contact-deletion REGION=eu-west-1)
endif
endif
# With the caller's AWS settings: profile, credentials, and the region if REGION is not given.
smoke: .venv-local/$(READY) ## test a deployed stack on the real account, and delete nothing: STACK=…, REGION=…; docs/smoke.md
	@.venv-local/bin/python -m local.smoke --stack '$(STACK)' $(if $(REGION),--region '$(REGION)')

# One worker more than there are cores, since tests also wait.
PYTEST = .venv/bin/python -m pytest --dist loadgroup --numprocesses \
	$$(.venv/bin/python -c 'import os; print(min(8, 1 + os.cpu_count()))')
test: .venv/$(READY) ## run all tests
	$(PYTEST) $(COVERAGE)

crashes: .venv/$(READY) ## interrupt every call in every way; make test does a third of that
	$(PYTEST) --every-call tests/crashes

check: ## run everything that must hold before a change is accepted: tests, coverage, style, types, template, demo
	@.ci/run

coverage: COVERAGE := --cov
coverage: test ## run all tests with branch coverage of src/; takes a quarter longer

soak: .venv/$(READY) ## process 100,000 messages with random faults, in simulated time
	PYTHONPATH=src .venv/bin/python -m local.simulation $(SOAK)

mutants: .venv-mutants/bin/mutmut ## check that the tests detect faults in the modules that decide; takes an hour
	.venv-mutants/bin/python -m tests.mutation $(MODULES)

bench: .venv-bench/$(READY) .venv-sam/$(READY) ## compare time and cost with the alternatives, in docs/benchmarks.md; on Linux
	$(SAM_CLI) build
	PYTHONPATH=src .venv-bench/bin/python -m benchmarks

lint: .venv/$(READY) ## check style and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

format: .venv/$(READY) ## fix style where ruff can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# SAM CLI's environment comes first on the path, so that src/Makefile builds with its Python, which has pip.
template bench: export PATH := $(CURDIR)/.venv-sam/bin:$(PATH)
# No command here calls AWS, so none depends on the caller's profile.
SAM_CLI := env -u AWS_PROFILE -u AWS_DEFAULT_PROFILE AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
	SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam
template: .venv-sam/$(READY) ## lint template.yaml and the workflows, and build the functions
	$(SAM_CLI) validate --lint
	@mkdir -p .aws-sam
	$(PYTHON) -m local.workflow_template > .aws-sam/workflows.json
	.venv-sam/bin/cfn-lint .aws-sam/workflows.json
	$(SAM_CLI) build --parallel

scan: .venv-scan/bin/checkov ## find insecure settings in template.yaml, with checkov
	.venv-scan/bin/checkov --config-file .checkov.yaml

audit: .venv-audit/bin/pip-audit ## find known vulnerabilities of the locked packages; asks pypi.org
	.venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement src/requirements.txt
	.venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement requirements/dev.txt
	.venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement requirements/bench.txt
	.venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement requirements/uv.txt
	.venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement requirements/sam.txt

.venv-scan/bin/checkov: PACKAGE := checkov==$(CHECKOV_VERSION)
.venv-audit/bin/pip-audit: PACKAGE := pip-audit==$(PIP_AUDIT_VERSION)
.venv-scan/bin/checkov .venv-audit/bin/pip-audit:
	$(PYTHON) -m venv --clear $(@D)/..
	$(@D)/python $(PIP_INSTALL) $(PACKAGE)

# The locks are complete, hence --no-deps. uv takes half of pip's time; where it cannot install (it does not read pip's
# configuration files, which may name the only index that can be reached), pip does.
.venv-local/$(READY): requirements/local.txt
.venv/$(READY) .venv-mutants/$(READY): requirements/dev.txt
.venv-bench/$(READY): requirements/bench.txt
.venv-sam/$(READY): requirements/sam.txt
.venv/$(READY) .venv-local/$(READY) .venv-bench/$(READY) .venv-mutants/$(READY) .venv-sam/$(READY): | .venv-uv/$(READY)
	@echo "Installing $$(grep -c '^[a-z].*==' $<) packages into $(@D), as $< lists them"
	@$(PYTHON) -m venv --clear $(@D)
	@.venv-uv/bin/uv pip install --quiet --system-certs --python $(@D)/bin/python --compile-bytecode --no-deps --require-hashes --requirement $< \
		|| { echo "uv could not install them: using pip, which takes longer"; \
		$(@D)/bin/python $(PIP_INSTALL) --no-deps --require-hashes --requirement $<; }
	@touch $@

.venv-uv/$(READY): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, and $(PYTHON) is " \
		+ sys.version.split()[0] + ": make $(MAKECMDGOALS) PYTHON=python3.13, say")'
	@echo "Setting up with Python $(PYTHON_VERSION), in folders of its own: .venv-uv for the installer"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python $(PIP_INSTALL) --no-deps --require-hashes --requirement $< \
		|| echo "uv could not be installed"
	@touch $@

.venv-mutants/bin/mutmut: .venv-mutants/$(READY)
	$(@D)/python $(PIP_INSTALL) mutmut==$(MUTMUT_VERSION)

# A lock keeps its versions as long as pyproject.toml allows them.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" .venv-uv/bin/uv pip compile --quiet --universal --generate-hashes $(UPGRADE)

lock: .venv-uv/$(READY) ## write the lock files again, after a change of pyproject.toml
	$(COMPILE) pyproject.toml --group dev --python-version 3.11 --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --group local --constraints requirements/dev.txt --python-version 3.11 \
		--output-file requirements/local.txt
	$(COMPILE) pyproject.toml --group bench --constraints requirements/dev.txt --python-version 3.11 \
		--output-file requirements/bench.txt
	$(COMPILE) --group uv --python-version 3.11 --output-file requirements/uv.txt
	$(COMPILE) --group sam --python-version 3.11 --output-file requirements/sam.txt
	$(COMPILE) pyproject.toml --constraints requirements/dev.txt --python-version 3.13 \
		$(RUNTIME_PACKAGES:%=--no-emit-package %) --output-file src/requirements.txt

upgrade: UPGRADE := --upgrade
upgrade: lock ## the same with the newest versions

clean: ## remove all environments and builds
	rm -rf .venv .venv-audit .venv-bench .venv-local .venv-mutants .venv-sam .venv-scan .venv-uv .aws-sam .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
