using System.Text.Json.Serialization;

namespace Sidestep.Agent.State;

/// <summary>The state file's form: camelCase, indented, for people to read after trouble.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AgentState))]
internal sealed partial class StateJson : JsonSerializerContext;
