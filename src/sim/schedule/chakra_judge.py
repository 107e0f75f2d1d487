#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chakra_judge.py FOLDER: writes judge.0.et and judge.1.et with protobuf's own library, from a descriptor of Chakra's
messages that is made here (field numbers of MLCommons' et_def.proto). Each rank computes 10 us, reduces 4 MiB with the
other one, then sends the next 1,000 bytes; comm_size is written in another integer type for each kind of node. Ends in
77 where python3-protobuf is not installed."""
import sys

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError:
    sys.exit(77)

FIELD = descriptor_pb2.FieldDescriptorProto
# message: (field, number, type, is it repeated, message of it, is it of the oneof)
MESSAGES = {
    "AttributeProto": [
        ("name", 1, FIELD.TYPE_STRING), ("doc_string", 2, FIELD.TYPE_STRING),
        ("double_val", 3, FIELD.TYPE_DOUBLE), ("float_val", 5, FIELD.TYPE_FLOAT),
        ("int32_val", 7, FIELD.TYPE_INT32), ("int64_val", 9, FIELD.TYPE_INT64),
        ("uint32_val", 11, FIELD.TYPE_UINT32), ("uint64_val", 13, FIELD.TYPE_UINT64),
        ("sint32_val", 15, FIELD.TYPE_SINT32), ("sint64_val", 17, FIELD.TYPE_SINT64),
        ("fixed32_val", 19, FIELD.TYPE_FIXED32), ("fixed64_val", 21, FIELD.TYPE_FIXED64),
        ("sfixed32_val", 23, FIELD.TYPE_SFIXED32), ("sfixed64_val", 25, FIELD.TYPE_SFIXED64),
        ("bool_val", 27, FIELD.TYPE_BOOL), ("bool_list", 28, FIELD.TYPE_MESSAGE, "BoolList"),
        ("string_val", 29, FIELD.TYPE_STRING)],
    "BoolList": [("values", 1, FIELD.TYPE_BOOL, None, True)],
    "GlobalMetadata": [("version", 1, FIELD.TYPE_STRING), ("attr", 2, FIELD.TYPE_MESSAGE, "AttributeProto", True)],
    "IOInfo": [("values", 1, FIELD.TYPE_STRING), ("shapes", 2, FIELD.TYPE_STRING), ("types", 3, FIELD.TYPE_STRING)],
    "Node": [
        ("id", 1, FIELD.TYPE_UINT64), ("name", 2, FIELD.TYPE_STRING), ("type", 3, FIELD.TYPE_INT32),
        ("ctrl_deps", 4, FIELD.TYPE_UINT64, None, True), ("data_deps", 5, FIELD.TYPE_UINT64, None, True),
        ("start_time_micros", 6, FIELD.TYPE_UINT64), ("duration_micros", 7, FIELD.TYPE_UINT64),
        ("inputs", 8, FIELD.TYPE_MESSAGE, "IOInfo"), ("outputs", 9, FIELD.TYPE_MESSAGE, "IOInfo"),
        ("attr", 10, FIELD.TYPE_MESSAGE, "AttributeProto", True)],
}
METADATA, COMPUTE, SEND, RECEIVE, COLLECTIVE = 1, 4, 5, 6, 7


def classes():
    file = descriptor_pb2.FileDescriptorProto(name="et.proto", package="judge", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, *more in fields:
            made = message.field.add(name=field, number=number, type=kind, label=FIELD.LABEL_OPTIONAL)
            if more and more[0]:
                made.type_name = ".judge." + more[0]
            if len(more) > 1:
                made.label = FIELD.LABEL_REPEATED
            if name == "AttributeProto" and number > 2:
                made.oneof_index = 0
        if name == "AttributeProto":
            message.oneof_decl.add(name="value")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    if hasattr(message_factory, "GetMessageClass"):
        return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName("judge." + name)) for name in MESSAGES}
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName("judge." + name)) for name in MESSAGES}


def put(file, message):
    body = message.SerializeToString()
    size = len(body)
    while size >= 0x80:
        file.write(bytes([size & 0x7F | 0x80]))
        size >>= 7
    file.write(bytes([size]) + body)


def main():
    made = classes()

    def attr(name, **value):
        return made["AttributeProto"](name=name, **value)

    for rank in (0, 1):
        with open(f"{sys.argv[1]}/judge.{rank}.et", "wb") as file:
            put(file, made["GlobalMetadata"](version="0.0.4", attr=[attr("schema", string_val="judge")]))
            groups = '[{"pg_name": "7", "ranks": [1, 0]}]'
            put(file, made["Node"](id=0, name="## process_group:init ##", type=METADATA,
                                   inputs=made["IOInfo"](values=f"['{groups}']")))
            put(file, made["Node"](id=1000, name="work", type=COMPUTE, ctrl_deps=[0], duration_micros=10,
                                   attr=[attr("is_cpu_op", bool_val=False), attr("num_ops", int64_val=5)]))
            put(file, made["Node"](id=2**40, name="sum", type=COLLECTIVE, data_deps=[1000, 0], attr=[
                attr("involved_dim", bool_list=made["BoolList"](values=[True, False])),
                attr("comm_type", int64_val=0), attr("comm_size", uint64_val=4 << 20),
                attr("pg_name", string_val="7")]))
            put(file, made["Node"](id=3, name="to", type=SEND, data_deps=[2**40], attr=[
                attr("comm_src", int32_val=rank), attr("comm_dst", sint32_val=1 - rank),
                attr("comm_size", fixed64_val=1000), attr("comm_tag", uint32_val=9)]))
            put(file, made["Node"](id=4, name="from", type=RECEIVE, data_deps=[2**40], attr=[
                attr("comm_src", sfixed32_val=1 - rank), attr("comm_dst", sfixed64_val=rank),
                attr("comm_size", sint64_val=1000), attr("comm_tag", fixed32_val=9)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
