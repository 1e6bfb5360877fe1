using System.Text.Json.Serialization;
using Sidestep.Api;

namespace Sidestep.Agent.State;

/// <summary>JSON of the state file: camelCase, and indented so that an operator can read it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    Converters = [typeof(AddressJson), typeof(PrefixJson)])]
[JsonSerializable(typeof(HostState))]
internal sealed partial class StateJson : JsonSerializerContext;
