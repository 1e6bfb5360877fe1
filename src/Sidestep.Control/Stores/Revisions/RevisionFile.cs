using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Control.Stores.Revisions;

/// <summary>The file of one revision: two lines of JSON, compressed by gzip (RFC 1952), so that <c>zcat</c> shows them.
/// The first line describes the revision and has the SHA-256 of the second one, which is the configuration.</summary>
internal static class RevisionFile
{
    /// <summary>Serialises a revision.</summary>
    internal static byte[] Write(StoredRevision revision, string json)
    {
        var content = Encoding.UTF8.GetBytes(json);
        var header = new RevisionFileHeader
        {
            Number = revision.Number,
            Time = revision.Time,
            Author = revision.Author,
            Reason = revision.Reason,
            RollbackTo = revision.RollbackTo,
            Sha256 = SHA256.HashData(content),
        };
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            JsonSerializer.Serialize(gzip, header, RevisionFileJson.Default.RevisionFileHeader);
            gzip.Write("\n"u8);
            gzip.Write(content);
            gzip.Write("\n"u8);
        }
        return buffer.ToArray();
    }

    /// <summary>Reads the first line only.</summary>
    /// <exception cref="InvalidDataException">The file is damaged; the message says how.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal static StoredRevision ReadHeader(string path)
    {
        using var text = Open(path);
        return Header(text).ToRevision();
    }

    /// <summary>Reads the whole file, and compares the configuration with its SHA-256.</summary>
    /// <inheritdoc cref="ReadHeader"/>
    internal static (StoredRevision Revision, string Json) Read(string path)
    {
        using var text = Open(path);
        var header = Header(text);
        string json = text.ReadLine() ?? throw new InvalidDataException("it has no configuration");
        return SHA256.HashData(Encoding.UTF8.GetBytes(json)).AsSpan().SequenceEqual(header.Sha256)
            ? (header.ToRevision(), json)
            : throw new InvalidDataException("the configuration differs from its SHA-256");
    }

    private static StreamReader Open(string path) =>
        new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);

    private static RevisionFileHeader Header(StreamReader text)
    {
        string line = text.ReadLine() ?? throw new InvalidDataException("it is empty");
        try
        {
            return JsonSerializer.Deserialize(line, RevisionFileJson.Default.RevisionFileHeader)
                is { Number: > 0, Author: not null, Sha256.Length: SHA256.HashSizeInBytes } header
                ? header : throw new InvalidDataException("it does not begin with the header of a revision");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"its first line is not the header of a revision: {e.Message}", e);
        }
    }
}

/// <summary>The first line of the file of a revision.</summary>
internal sealed class RevisionFileHeader
{
    public required long Number { get; init; }

    public required DateTimeOffset Time { get; init; }

    public required string Author { get; init; }

    public string? Reason { get; init; }

    public long? RollbackTo { get; init; }

    /// <summary>The SHA-256 of the second line, without its line feed.</summary>
    public required byte[] Sha256 { get; init; }

    internal StoredRevision ToRevision() => new(Number, Time, Author, Reason, RollbackTo);
}

/// <summary>The serialiser of the first line.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RevisionFileHeader))]
internal sealed partial class RevisionFileJson : JsonSerializerContext;
