# SPDX-License-Identifier: Apache-2.0
"""What tools/check_commands does with commands that cannot be run as they stand, and why.

A command that is not named here runs whole, as written, in a folder with the files that it names. A line here
that no document needs any more is a failure too.
"""

# Run so instead: the command, what runs in its place, why. DOORS is the folder of a running
# `weft up racks/small-pod.yaml --doors`, HOST the machine small-server0 there.
INSTEAD = {
    "weft up --speed max --for 1d --json": ("weft up --speed max --for 1h --json", "a day takes seconds more"),
    "sudo weft scan --watch 30s": ("sudo weft scan --watch 2s", "half a minute is long"),
    "weft com CHANNEL --setup mine.yaml": ("weft com board.s4p --setup mine.yaml", "a placeholder"),
    "weft why incidents/NAME.yaml": ("weft why incidents/worse-after-flap.yaml", "a placeholder"),
    "weft capture [-o FILE] [--redact]": ("weft capture -o one.tar.zst --redact", "a placeholder"),
    "weft rack check FILE": ("weft rack check racks/nvl72.yaml", "a placeholder"),
    "weft rack show FILE [--tree|--json|--dot]": ("weft rack show racks/nvl72.yaml --tree", "a placeholder"),
    "weft rack diff A B": ("weft rack diff plan.yaml plan.yaml", "a placeholder"),
    "weft rack locate RACK [-o FILE]": ("weft rack locate racks/hgx-h100.yaml -o located.yaml", "a placeholder"),
    "weft margin LINK --rack racks/gpu-server-8.yaml --apply":
        ("weft margin server0/0000:01:00.0 --rack racks/gpu-server-8.yaml --apply --lane 0", "a placeholder, and long"),
    "weft link disable server0/0000:01:00.0 --folder DIR --apply":
        ("weft link disable HOST/0000:01:00.0 --folder DOORS --apply", "a placeholder"),
    "weft link retrain 0000:3b:00.0":
        ("weft link retrain server0/0000:01:00.0 --rack racks/gpu-server-8.yaml", "needs this device"),
    "sudo weft link set-speed 0000:3b:00.0 gen4 --apply":
        ("sudo weft link set-speed HOST/0000:01:00.0 gen4 --folder DOORS --apply", "needs this device"),
    "weft margin 0000:3b:00.0":
        ("weft margin server0/0000:01:00.0 --rack racks/gpu-server-8.yaml", "needs this device"),
    "weft margin --rack racks/gpu-server-8.yaml server0/0000:01:00.0 --apply":
        ("weft margin server0/0000:01:00.0 --rack racks/gpu-server-8.yaml --apply --lane 0", "sixteen lanes take long"),
    "sudo weft margin 0000:3b:00.0 --apply --lane 0":
        ("weft margin server0/0000:01:00.0 --rack racks/gpu-server-8.yaml --apply --lane 0", "needs this device"),
    "weft soak i2c-9/0x24 --for 5m": ("weft soak HOST/i2c-9/0x20 --for 5m --folder DOORS", "needs this device"),
    "weft soak i2c-9/0x24": ("weft soak HOST/i2c-9/0x20 --folder DOORS", "needs this device"),
    "sudo weft soak i2c-9/0x24 --for 5m --apply":
        ("sudo weft soak HOST/i2c-9/0x20 --for 3s --folder DOORS --apply", "needs this device, and five minutes"),
    "weft device reset eth0": ("weft device reset HOST/eth0 --folder DOORS", "needs this device"),
    "weft device reset i2c-9/0x24": ("weft device reset HOST/i2c-9/0x20 --folder DOORS", "needs this device"),
    "weft firmware show eth0": ("weft firmware show HOST/eth0 --folder DOORS", "needs this device"),
    "weft firmware update i2c-9/0x24 image.bin":
        ("weft firmware update HOST/i2c-9/0x20 image.bin --folder DOORS", "needs this device"),
    "sudo weft firmware update i2c-9/0x24 image.bin --apply":
        ("sudo weft firmware update HOST/i2c-9/0x20 image.bin --folder DOORS", "needs this device, and minutes"),
    "sudo weft undo journal-4711-0 --apply":
        ("sudo weft undo $(basename \"$(ls $XDG_STATE_HOME/weft/journal-*.tsv | head -1)\" .tsv) --apply",
         "the journal's name is another"),
    "curl -s http://node7:9100/metrics | weft import - --into history --host node7":
        ("cat node7.prom | weft import - --into imported --host node7", "needs that machine"),
    "weft world clear 3":
        ("weft world clear $(weft world inject fan-loss --target host:server1 | grep -o '[0-9]*' | head -1)",
         "the fault's number is another"),
    "weft soak pod-server0/eth0 --folder /tmp/weft-0/reference-pod --lane 0 --apply":
        ("weft soak HOST/eth0 --folder DOORS --lane 0 --for 3s --apply", "a smaller rack, and seconds"),
    "weft device disable-lane pod-server0/eth0 --lane 2 --folder /tmp/weft-0/reference-pod --apply":
        ("weft device disable-lane HOST/eth0 --lane 2 --folder DOORS --apply", "a smaller rack"),
    "weft score": ("weft score --template broken-lane --seeds 1", "minutes"),
    "weft export --prometheus": ("weft export --prometheus --subject 'server0/*'", "while the world makes its history "
                                 "each thousand of its series waits for a look"),
    "weft export --prometheus > /var/lib/prometheus/node-exporter/weft.prom":
        ("weft export --prometheus --subject 'server0/*' > /var/lib/prometheus/node-exporter/weft.prom", "the same"),
    "weft score --seeds 1": ("weft score --template broken-lane --seeds 1", "minutes"),
    "weft score --template 'dirty-*' --seeds 10 --verbose":
        ("weft score --template broken-lane --seeds 1", "minutes"),
    "curl -sN http://127.0.0.1:8088/api/v1/stream":
        ("curl -sN -m 2 http://127.0.0.1:8088/api/v1/stream || test $? = 28", "has no end"),
}

# Not run: only that the verb and its options are there.
LOOKED_UP = {
    "weft score --all --update docs/DIAGNOSIS.md": "tens of minutes, and it writes into the document",
    "weft score --draw 100 --seed 7 --only kept-out": "minutes",
}

# Not run at all.
LEFT_OUT = {
    "./run": "installs packages and builds; what it then starts, weft up, is run",
    "./run VERB …": "the same",
    "./run --version && cpack --config build/release/CPackConfig.cmake": "builds; package.deb does the same",
    "./test": "runs this test",
    "./test -R check.packaging": "runs another test of this stage",
    "./test -R package.deb": "runs another test of this stage",
    "./test --preset release -R unit.base": "runs another test of this stage",
    "./test --preset release -R 'unit.cli|check.(man|completion)'": "runs other tests of this stage",
    "./bench": "minutes, of which each counts the machine's load",
    "./bench base": "the same", "./bench phy": "the same",
    "./bench sim --filter event_hold": "the same", "./bench sim --filter flit": "the same",
    "./bench sim --filter packet": "the same",
    "node web/build.mjs --serve 8090 --api http://127.0.0.1:8088": "needs the page's packages; the build runs it",
    "web/check types": "is the test web.types", "web/check unit": "is the test web.unit",
    "weft telemetry store 1": "a file's first bytes, no command",
}

# Ended after so many seconds by an interrupt, as their help says they are.
INTERRUPTED = {
    "weft events --subject 'server3/*' --follow": 2,
    "weft export --remote-write http://127.0.0.1:9090/api/v1/write --every 15s": 2,
}

# What the world must have seen before.
BEFORE = {
    "sudo weft undo journal-4711-0 --apply": "weft link disable HOST/0000:01:00.0 --folder DOORS --apply",
}
