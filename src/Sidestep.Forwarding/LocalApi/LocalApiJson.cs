using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Forwarding.LocalApi;

/// <summary>JSON of the local API between the daemon and the command line. Both have the same version and run on the
/// same machine.</summary>
public static class LocalApiJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters =
            { new AddressConverter(), new PrefixConverter(), new GroupKeyConverter(), new JsonStringEnumConverter() },
    };

    /// <summary>Serializes a message to UTF-8.</summary>
    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>Parses a JSON message of the local API.</summary>
    /// <param name="json">The message in UTF-8.</param>
    /// <exception cref="EngineException">It is no such message: daemon and command line have different
    /// versions.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw new EngineException($"this version cannot read the message of the running director ({e.Message}):"
                + " use the same version of sidestep and sidestepd", e);
        }
    }

    private sealed class AddressConverter : JsonConverter<IPAddress>
    {
        public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            IPAddress.Parse(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }

    private sealed class PrefixConverter : JsonConverter<IPNetwork>
    {
        public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            IPNetwork.Parse(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }

    /// <summary>POOL/ENCAP. The encapsulation may contain slashes, the name of a pool has none.</summary>
    private sealed class GroupKeyConverter : JsonConverter<GroupKey>
    {
        public override GroupKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var parts = reader.GetString()!.Split('/', 2);
            return parts.Length == 2 && Encap.TryParse(parts[1], out var encap)
                ? new GroupKey(parts[0], encap.Value) : throw new JsonException("a group must be POOL/ENCAPSULATION");
        }

        public override void Write(Utf8JsonWriter writer, GroupKey value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
