using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Api;
using Sidestep.Api.Access;

namespace Sidestep.Control.Access;

/// <summary>The serialiser of the file with users and tokens.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, Converters = [typeof(KebabCaseJson<Role>)])]
[JsonSerializable(typeof(AccessState))]
internal sealed partial class AccessJson : JsonSerializerContext;
