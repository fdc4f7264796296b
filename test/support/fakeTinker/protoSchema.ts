import {
  createFileRegistry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type JsonValue,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/**
 * The protocol's schema as protoc describes it (package tinker_public). The server reads and writes by it, independently of the client's
 * own codec.
 */
const described = [
  'CocVChN0aW5rZXJfcHVibGljLnByb3RvEg10aW5rZXJfcHVibGljItACChZGb3J3YXJkQmFja3dhcmRSZXF1ZXN0EhkKCG1vZGVs',
  'X2lkGAEgASgJUgdtb2RlbElkEhUKBnNlcV9pZBgCIAEoBVIFc2VxSWQSKAoEZGF0YRgDIAMoCzIULnRpbmtlcl9wdWJsaWMuRGF0',
  'dW1SBGRhdGESFwoHbG9zc19mbhgEIAEoCVIGbG9zc0ZuEl0KDmxvc3NfZm5fY29uZmlnGAUgAygLMjcudGlua2VyX3B1YmxpYy5G',
  'b3J3YXJkQmFja3dhcmRSZXF1ZXN0Lkxvc3NGbkNvbmZpZ0VudHJ5Ugxsb3NzRm5Db25maWcSIQoMZm9yd2FyZF9vbmx5GAYgASgI',
  'Ugtmb3J3YXJkT25seRo/ChFMb3NzRm5Db25maWdFbnRyeRIQCgNrZXkYASABKAlSA2tleRIUCgV2YWx1ZRgCIAEoAVIFdmFsdWU6',
  'AjgBIuQBCgVEYXR1bRI1Cgttb2RlbF9pbnB1dBgBIAMoCzIULnRpbmtlcl9wdWJsaWMuQ2h1bmtSCm1vZGVsSW5wdXQSTAoObG9z',
  'c19mbl9pbnB1dHMYAiADKAsyJi50aW5rZXJfcHVibGljLkRhdHVtLkxvc3NGbklucHV0c0VudHJ5Ugxsb3NzRm5JbnB1dHMaVgoR',
  'TG9zc0ZuSW5wdXRzRW50cnkSEAoDa2V5GAEgASgJUgNrZXkSKwoFdmFsdWUYAiABKAsyFS50aW5rZXJfcHVibGljLlRlbnNvclIF',
  'dmFsdWU6AjgBIrkBCgVDaHVuaxJECgxlbmNvZGVkX3RleHQYASABKAsyHy50aW5rZXJfcHVibGljLkVuY29kZWRUZXh0Q2h1bmtI',
  'AFILZW5jb2RlZFRleHQSMQoFaW1hZ2UYAiABKAsyGS50aW5rZXJfcHVibGljLkltYWdlQ2h1bmtIAFIFaW1hZ2USLgoEZG1lbBgD',
  'IAEoCzIYLnRpbmtlcl9wdWJsaWMuRG1lbENodW5rSABSBGRtZWxCBwoFY2h1bmsiKgoQRW5jb2RlZFRleHRDaHVuaxIWCgZ0b2tl',
  'bnMYASABKAxSBnRva2VucyJ6CgpJbWFnZUNodW5rEhIKBGRhdGEYASABKAxSBGRhdGESFgoGZm9ybWF0GAIgASgJUgZmb3JtYXQS',
  'LAoPZXhwZWN0ZWRfdG9rZW5zGAMgASgFSABSDmV4cGVjdGVkVG9rZW5ziAEBQhIKEF9leHBlY3RlZF90b2tlbnMiHwoJRG1lbENo',
  'dW5rEhIKBGRtZWwYASABKAxSBGRtZWwiqQEKBlRlbnNvchIWCgVkZW5zZRgBIAEoDEgAUgVkZW5zZRI5CgpzcGFyc2VfY3NyGAIg',
  'ASgLMhgudGlua2VyX3B1YmxpYy5TcGFyc2VDc3JIAFIJc3BhcnNlQ3NyEioKBWR0eXBlGAMgASgOMhQudGlua2VyX3B1YmxpYy5E',
  'VHlwZVIFZHR5cGUSFAoFc2hhcGUYBCADKANSBXNoYXBlQgoKCGVuY29kaW5nImcKCVNwYXJzZUNzchIWCgZ2YWx1ZXMYASABKAxS',
  'BnZhbHVlcxIhCgxjcm93X2luZGljZXMYAiABKAxSC2Nyb3dJbmRpY2VzEh8KC2NvbF9pbmRpY2VzGAMgASgMUgpjb2xJbmRpY2Vz',
  'IpMCChVGb3J3YXJkQmFja3dhcmRPdXRwdXQSLQoTbG9zc19mbl9vdXRwdXRfdHlwZRgBIAEoCVIQbG9zc0ZuT3V0cHV0VHlwZRJC',
  'Cg9sb3NzX2ZuX291dHB1dHMYAiADKAsyGi50aW5rZXJfcHVibGljLkFycmF5UmVjb3JkUg1sb3NzRm5PdXRwdXRzEksKB21ldHJp',
  'Y3MYAyADKAsyMS50aW5rZXJfcHVibGljLkZvcndhcmRCYWNrd2FyZE91dHB1dC5NZXRyaWNzRW50cnlSB21ldHJpY3MaOgoMTWV0',
  'cmljc0VudHJ5EhAKA2tleRgBIAEoCVIDa2V5EhQKBXZhbHVlGAIgASgBUgV2YWx1ZToCOAEi4AEKC0FycmF5UmVjb3JkEhkKCHR5',
  'cGVfdGFnGAEgASgJUgd0eXBlVGFnEj4KBmZpZWxkcxgCIAMoCzImLnRpbmtlcl9wdWJsaWMuQXJyYXlSZWNvcmQuRmllbGRzRW50',
  'cnlSBmZpZWxkcxIdCgpudW1fZGF0dW1zGAMgASgDUgludW1EYXR1bXMaVwoLRmllbGRzRW50cnkSEAoDa2V5GAEgASgJUgNrZXkS',
  'MgoFdmFsdWUYAiABKAsyHC50aW5rZXJfcHVibGljLkJhdGNoZWRUZW5zb3JSBXZhbHVlOgI4ASKQAQoNQmF0Y2hlZFRlbnNvchIS',
  'CgRkYXRhGAEgASgMUgRkYXRhEhgKB29mZnNldHMYAiABKAxSB29mZnNldHMSKgoFZHR5cGUYAyABKA4yFC50aW5rZXJfcHVibGlj',
  'LkRUeXBlUgVkdHlwZRIlCg50cmFpbGluZ19zaGFwZRgEIAMoA1INdHJhaWxpbmdTaGFwZSK6AgoOU2FtcGxlUmVzcG9uc2USPAoJ',
  'c2VxdWVuY2VzGAEgAygLMh4udGlua2VyX3B1YmxpYy5TYW1wbGVkU2VxdWVuY2VSCXNlcXVlbmNlcxIsCg9wcm9tcHRfbG9ncHJv',
  'YnMYAiABKAxIAFIOcHJvbXB0TG9ncHJvYnOIAQESWAoUdG9wa19wcm9tcHRfbG9ncHJvYnMYAyABKAsyIS50aW5rZXJfcHVibGlj',
  'LlRvcGtQcm9tcHRMb2dwcm9ic0gBUhJ0b3BrUHJvbXB0TG9ncHJvYnOIAQESNQoXcHJvbXB0X2NhY2hlX2hpdF90b2tlbnMYBCAB',
  'KAVSFHByb21wdENhY2hlSGl0VG9rZW5zQhIKEF9wcm9tcHRfbG9ncHJvYnNCFwoVX3RvcGtfcHJvbXB0X2xvZ3Byb2JzIpMBCg9T',
  'YW1wbGVkU2VxdWVuY2USOgoLc3RvcF9yZWFzb24YASABKA4yGS50aW5rZXJfcHVibGljLlN0b3BSZWFzb25SCnN0b3BSZWFzb24S',
  'FgoGdG9rZW5zGAIgASgMUgZ0b2tlbnMSHwoIbG9ncHJvYnMYAyABKAxIAFIIbG9ncHJvYnOIAQFCCwoJX2xvZ3Byb2JzIoABChJU',
  'b3BrUHJvbXB0TG9ncHJvYnMSGwoJdG9rZW5faWRzGAEgASgMUgh0b2tlbklkcxIaCghsb2dwcm9icxgCIAEoDFIIbG9ncHJvYnMS',
  'DAoBaxgDIAEoDVIBaxIjCg1wcm9tcHRfbGVuZ3RoGAQgASgNUgxwcm9tcHRMZW5ndGgqOgoKU3RvcFJlYXNvbhIUChBTVE9QX1JF',
  'QVNPTl9TVE9QEAASFgoSU1RPUF9SRUFTT05fTEVOR1RIEAEqZwoFRFR5cGUSFQoRRFRZUEVfVU5TUEVDSUZJRUQQABIRCg1EVFlQ',
  'RV9GTE9BVDMyEAESDwoLRFRZUEVfSU5UNjQQAhIPCgtEVFlQRV9JTlQzMhADEhIKDkRUWVBFX0JGTE9BVDE2EARiBnByb3RvMw==',
].join('');

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, new Uint8Array(Buffer.from(described, 'base64'))),
);

type MessageName = 'ForwardBackwardRequest' | 'ForwardBackwardOutput' | 'SampleResponse';

function schema(name: MessageName) {
  const found = registry.getMessage(`tinker_public.${name}`);
  if (!found) throw new Error(`no message ${name}`);
  return found;
}

/** A message in the JSON form of protobuf: bytes in base64, enums by name, 64-bit integers as strings. */
export function messageToJson(name: MessageName, bytes: Uint8Array): JsonValue {
  return toJson(schema(name), fromBinary(schema(name), bytes));
}

export function messageFromJson(name: MessageName, json: JsonValue): Uint8Array {
  return toBinary(schema(name), fromJson(schema(name), json));
}
