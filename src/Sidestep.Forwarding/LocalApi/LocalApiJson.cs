using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidestep.Model;

namespace Sidestep.Forwarding.LocalApi;

/// <summary>JSON of the local API between the daemon and the command line. Both have the same version and run on the
/// same machine.</summary>
public static class LocalApiJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters =
        {
            new TextConverter<IPAddress>(IPAddress.Parse), new TextConverter<IPNetwork>(IPNetwork.Parse),
            new TextConverter<VrfAddress>(VrfAddress.Parse), new TextConverter<ServiceKey>(ServiceKey.Parse),
            new TextConverter<GroupKey>(GroupKey.Parse), new JsonStringEnumConverter(),
        },
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

    /// <summary>Writes a value as its text.</summary>
    private sealed class TextConverter<T>(Func<string, T> parse) : JsonConverter<T> where T : notnull
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            parse(reader.GetString() ?? throw new JsonException($"{typeToConvert.Name} is null"));

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
