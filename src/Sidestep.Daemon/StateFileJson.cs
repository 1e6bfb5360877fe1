using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Control.Health;
using Sidestep.Daemon.Multicast;

namespace Sidestep.Daemon;

/// <summary>JSON of the small files that the daemon writes for its own next start; no other program reads
/// them.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true,
    NumberHandling = JsonNumberHandling.Strict, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SavedMulticast))]
[JsonSerializable(typeof(SavedHealth))]
internal sealed partial class StateFileJson : JsonSerializerContext;
