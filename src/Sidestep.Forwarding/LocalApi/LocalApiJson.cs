using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Forwarding.LocalApi;

/// <summary>How what a running director tells is written between its daemon and the command line: of one version, on one machine.</summary>
public static class LocalApiJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new AddressConverter(), new PrefixConverter(), new GroupKeyConverter(), new JsonStringEnumConverter() },
    };

    /// <summary>Writes.</summary>
    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>Reads.</summary>
    /// <exception cref="EngineException">It is nothing of that kind: the daemon is of another version.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("there is nothing");
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw new EngineException($"the running director says what this version does not understand ({e.Message}): use the same version of sidestep and sidestepd", e);
        }
    }

    private sealed class AddressConverter : JsonConverter<IPAddress>
    {
        public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => IPAddress.Parse(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private sealed class PrefixConverter : JsonConverter<IPNetwork>
    {
        public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => IPNetwork.Parse(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    /// <summary>POOL/WAY; a way has slashes, too, the name of a pool has none.</summary>
    private sealed class GroupKeyConverter : JsonConverter<GroupKey>
    {
        public override GroupKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var parts = reader.GetString()!.Split('/', 2);
            return parts.Length == 2 && Encap.TryParse(parts[1], out var encap) ? new GroupKey(parts[0], encap.Value) : throw new JsonException("no group of servers");
        }

        public override void Write(Utf8JsonWriter writer, GroupKey value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
