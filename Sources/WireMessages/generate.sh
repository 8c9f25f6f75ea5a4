#!/bin/sh
# Writes the *.pb.swift files anew from protos/. Needs protoc (Debian: protobuf-compiler) and
# protoc-gen-swift (swift build --product protoc-gen-swift in a checkout of swift-protobuf).
set -eu
cd "$(dirname "$0")"
protoc --proto_path=protos --swift_out=. \
    --swift_opt=Visibility=Public --swift_opt=UseAccessLevelOnImports=false protos/*.proto
