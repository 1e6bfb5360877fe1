using System.Text.Json.Serialization;
using Sidestep.Api;

namespace Sidestep.Agent.State;

/// <summary>The state file's form: camelCase, indented, for people to read after trouble.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    Converters = [typeof(AddressJson), typeof(PrefixJson)])]
[JsonSerializable(typeof(HostState))]
internal sealed partial class StateJson : JsonSerializerContext;
