using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sidestep.Api.Audit;

/// <summary>The chain of the audit log. Each line is the SHA-256 of its entry, a space, and the entry, which has the
/// hash of the line before. So a change in the middle changes all later hashes, of which the journal has
/// copies.</summary>
public static class AuditChain
{
    /// <summary>What the first entry has in place of the hash of an entry before it.</summary>
    public static string Start { get; } = new('0', SHA256.HashSizeInBytes * 2);

    private static readonly int HashLength = SHA256.HashSizeInBytes * 2;

    /// <summary>Serialises an entry.</summary>
    /// <returns>The line without its end, and its hash.</returns>
    public static (string Line, string Hash) Write(AuditRecord record)
    {
        string json = JsonSerializer.Serialize(record, ApiJson.Default.AuditRecord);
        string hash = HashOf(json);
        return ($"{hash} {json}", hash);
    }

    /// <summary>Parses a line and verifies its hash.</summary>
    /// <exception cref="FormatException">The line is damaged; the message says how.</exception>
    public static (AuditRecord Record, string Hash) Read(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Length <= HashLength || line[HashLength] != ' ')
            throw new FormatException("the line does not begin with a hash");
        string hash = line[..HashLength], json = line[(HashLength + 1)..];
        if (HashOf(json) != hash)
            throw new FormatException("the entry does not have the hash that the line begins with");
        try
        {
            return (JsonSerializer.Deserialize(json, ApiJson.Default.AuditRecord)
                ?? throw new FormatException("the entry is null"), hash);
        }
        catch (JsonException e)
        {
            throw new FormatException($"the entry is not JSON of this version: {e.Message}", e);
        }
    }

    private static string HashOf(string json) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
}
