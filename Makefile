# ort-transfer: folders of photos in, one ONNX classifier out. `make help` lists everything.

.DEFAULT_GOAL := help
SHELL := /bin/sh

TRAIN   ?= data/characters/train
VAL     ?=
TEST    ?= $(if $(filter data/characters/train,$(TRAIN)),data/characters/test,$(VAL))
WEIGHTS ?= vggface2
EPOCHS  ?= 5
VIEWS   ?= 4
SEED    ?= 0
OUT     ?= onnx
TO      ?= out/model.onnx
IMG     ?=
STRANGERS ?=

export ORT_TRANSFER_CACHE ?= $(CURDIR)/data/features/cache
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

CLI     := node dist/src/cli/ort-transfer.js
# Notes of what was made, and from what.
NOTES   := data/.made
SOURCES := $(shell find src tools test -name '*.ts' -o -name '*.json' 2>/dev/null)
OPTIONS  = --weights "$(WEIGHTS)" --seed $(SEED)
HELD     = $(if $(VAL),--validation "$(VAL)")

# Rewrites a note only when what it says has changed, so that what depends on it is made again just then.
define note
@mkdir -p $(NOTES)
@{ $(1); } > $@.new 2>&1; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
endef

.PHONY: help
help: ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'
	@echo
	@echo '  TRAIN=dir VAL=dir TEST=dir   folders with one sub-folder of photos a class (default: drawn characters)'
	@echo '  WEIGHTS=vggface2|imagenet|imagenet-v2|FILE  EPOCHS=5  VIEWS=4  SEED=0  OUT=onnx  STRANGERS=dir'

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm > /dev/null || { echo 'npm is missing: install Node 20.19 or later from https://nodejs.org'; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: install build
install: node_modules/.package-lock.json ## Install the packages that package-lock.json pins
build: dist/.built ## Compile

dist/.built: node_modules/.package-lock.json tsconfig.json $(SOURCES)
	tsc -p .
	@touch $@

.PHONY: data
data: $(NOTES)/characters ## Draw the sample pictures: 14 made-up characters
$(NOTES)/characters: node_modules/.package-lock.json $(wildcard tools/draw-characters.ts tools/characters/*.ts) | dist/.built
	node dist/tools/draw-characters.js --out data/characters --seed 0
	@mkdir -p $(NOTES) && touch $@

# The sample is drawn only where it is used.
SAMPLE = $(if $(findstring data/characters,$(TRAIN) $(VAL) $(TEST)),$(NOTES)/characters)

.PHONY: FORCE
$(NOTES)/features.from: FORCE $(SAMPLE)
	$(call note,echo $(OPTIONS) $(VIEWS); ls -lR "$(TRAIN)")
$(NOTES)/train.from: FORCE $(SAMPLE)
	$(call note,echo $(OPTIONS) $(VIEWS) $(EPOCHS) "$(OUT)"; ls -lR "$(TRAIN)" $(if $(VAL),"$(VAL)") $(if $(TEST),"$(TEST)"); ls "$(OUT)/model.onnx")

.PHONY: features
features: $(NOTES)/features ## Turn the photos of TRAIN into data/features/train/features.npy
$(NOTES)/features: dist/.built $(NOTES)/features.from
	$(CLI) features "$(TRAIN)" $(OPTIONS) --views $(VIEWS) --out data/features/train
	@touch $@

.PHONY: train
train: $(NOTES)/train ## Train, evaluate and export a classifier to OUT/model.onnx
	@$(if $(TEST),tail -1 "$(OUT)/evaluation.txt" | sed 's/^accuracy/test accuracy/')
	@echo
	@echo 'Next: make predict IMG=$(or $(IMG),$(firstword $(wildcard data/characters/test/*/*.jpg)),photo.jpg)'
$(NOTES)/train: dist/.built $(NOTES)/train.from
	$(CLI) train --train "$(TRAIN)" $(HELD) $(OPTIONS) --views $(VIEWS) --epochs $(EPOCHS) --out "$(OUT)"
	@$(if $(TEST),$(CLI) evaluate "$(TEST)" --model "$(OUT)/model.onnx" > "$(OUT)/evaluation.txt" && cat "$(OUT)/evaluation.txt")
	@$(MAKE) -s $(NOTES)/train.from
	@touch $@

.PHONY: predict report export web studio
predict: dist/.built ## Say who or what is in IMG, and save it labelled to out/
	@test -n "$(IMG)" || { echo 'Name a picture: make predict IMG=photo.jpg'; exit 1; }
	@test -f "$(OUT)/model.onnx" || { echo 'There is no $(OUT)/model.onnx yet: make train'; exit 1; }
	node dist/src/cli/ort-predict.js "$(IMG)" --model "$(OUT)/model.onnx" --save out
report: train ## Show how the model does on TEST, mix-ups and errors, in out/report.html
	@$(if $(TEST),$(CLI) evaluate "$(TEST)" --model "$(OUT)/model.onnx" --report out/report.html $(if $(STRANGERS),--strangers "$(STRANGERS)"),echo 'No TEST is named: $(OUT)/report.html shows the photos that were left out of training')
export: train ## Check the model and write it to TO=out/model.onnx, small with PRECISION=fp16|int8
	$(CLI) export --model "$(OUT)/model.onnx" --out "$(TO)" $(if $(PRECISION),--precision $(PRECISION) $(if $(TEST),--validation "$(TEST)"))
web: train ## Build the page with the model to out/web, for any static server
	node dist/tools/build-web.js --model "$(OUT)/model.onnx" --out out/web
studio: dist/.built ## Build the page where people train a model themselves to out/studio
	node dist/tools/build-studio.js --weights "$(WEIGHTS)" --out out/studio

.PHONY: pack
pack: dist/.built ## Pack what npm publishes to out/pack: the package, and the element alone for pages
	@mkdir -p out/pack
	npm pack --loglevel=error --pack-destination out/pack
	node dist/tools/pack-web.js --out out/pack

.PHONY: inspect doctor
inspect: dist/.built $(SAMPLE) ## Look at the photos of TRAIN (and TEST): sheets in out/inspect, broken files, copies
	$(CLI) inspect "$(TRAIN)" $(if $(TEST),--validation "$(TEST)") $(OPTIONS)
doctor: dist/.built ## Tell what this machine has and lacks
	@$(CLI) doctor

.PHONY: check test test-keras test-web test-queue screenshots goldens bench quality fuzz
check: node_modules/.package-lock.json ## Check format and lint
	biome check .
test: dist/.built ## Test; needs Node alone
	ava
test-keras: dist/.built .venv/.installed ## Compare with real Keras; needs Python 3.11
	ava --config test/parity/ava.config.js
test-web: dist/.built ## Drive the page in Chromium; needs /usr/bin/chromium
	ava --config test/web/ava.config.js
test-queue: dist/.built ## Compute on several workers; needs redis-server
	ava --config test/queue/ava.config.js
screenshots: dist/.built ## Take the README's pictures of both pages anew
	SCREENSHOTS=data ava --config test/web/ava.config.js
goldens: .venv/.installed ## Make test/golden/ anew with pinned Keras
	for script in tools/goldens/*.py; do .venv/bin/python $$script || exit 1; done
bench: dist/.built $(NOTES)/characters ## Measure speed and memory beside others, as ratios
	node dist/tools/bench.js
quality: dist/.built $(NOTES)/characters ## Measure accuracy, calibration and strangers, on more pictures where ../shared is
	node dist/tools/quality.js
fuzz: dist/.built ## Throw broken files at the readers
	node dist/tools/fuzz-images.js
	node dist/tools/fuzz-models.js
	node dist/tools/fuzz-flips.js
	node dist/tools/fuzz-cache.js
	node dist/tools/fuzz-kills.js

.venv/.installed: tools/keras-requirements.txt tools/keras-2-requirements.txt
	@command -v python3 > /dev/null || { echo 'python3 is missing: comparing with Keras needs Python 3.11'; exit 1; }
	python3 -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check -r tools/keras-requirements.txt
	.venv/bin/pip install -q --disable-pip-version-check --no-deps -r tools/keras-2-requirements.txt
	@touch $@

.PHONY: clean
clean: ## Remove everything that was made, downloads and models, too
	rm -rf dist out .venv .cache $(NOTES) data/characters data/features onnx/model.onnx onnx/history.* onnx/evaluation.txt onnx/report.html
