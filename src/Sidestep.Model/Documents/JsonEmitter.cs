using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sidestep.Model.Documents;

/// <summary>Writes nodes as JSON (RFC 8259).</summary>
internal static class JsonEmitter
{
    /// <summary>The text of a document.</summary>
    /// <param name="root">The document.</param>
    /// <param name="isIndented">True: by two spaces, with a final line feed.</param>
    public static string Emit(Node root, bool isIndented)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions
        {
            Indented = isIndented,
            NewLine = "\n",
            // Quotes and angle brackets stay readable: a configuration is never part of an HTML page.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
            Write(json, root);
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + (isIndented ? "\n" : "");
    }

    private static void Write(Utf8JsonWriter json, Node node)
    {
        switch (node)
        {
            case MappingNode mapping:
                json.WriteStartObject();
                foreach (var entry in mapping.Entries)
                {
                    json.WritePropertyName(entry.Key.Text);
                    Write(json, entry.Value);
                }
                json.WriteEndObject();
                break;
            case ListNode list:
                json.WriteStartArray();
                foreach (var item in list.Items)
                    Write(json, item);
                json.WriteEndArray();
                break;
            case ScalarNode { Quoted: true } text:
                json.WriteStringValue(text.Text);
                break;
            case ScalarNode scalar:
                json.WriteRawValue(scalar.Text);
                break;
        }
    }
}
