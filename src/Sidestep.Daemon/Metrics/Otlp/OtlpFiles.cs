using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>The files that an export names: headers and certificate authorities. They are read again when they
/// change.</summary>
/// <param name="settings">Names them.</param>
internal sealed class OtlpFiles(OtlpSettings settings)
{
    /// <summary>The largest headers file, in bytes.</summary>
    internal const int LargestHeadersFile = 16 * 1024;

    private readonly FileIdentity?[] _identities = [Of(settings.HeadersFile), Of(settings.CaFile)];

    /// <summary>True if a file has changed since this object was made.</summary>
    internal bool HaveChanged =>
        _identities[0] != Of(settings.HeadersFile) || _identities[1] != Of(settings.CaFile);

    /// <summary>The headers of each request; lines that are empty or begin with <c>#</c> are ignored.</summary>
    /// <exception cref="OtlpException">The file cannot be read, or a line is not <c>name: value</c>. The message has no
    /// part of the line, which may be a secret.</exception>
    internal IReadOnlyList<KeyValuePair<string, string>> ReadHeaders()
    {
        if (settings.HeadersFile is not { } path)
            return [];
        var headers = new List<KeyValuePair<string, string>>();
        string[] lines = Read("headersFile", path, static p => new FileInfo(p).Length <= LargestHeadersFile
            ? File.ReadAllLines(p) : throw new IOException($"the file has more than {LargestHeadersFile} bytes"));
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Trim() is { Length: > 0 } line && line[0] != '#')
                headers.Add(Parse(line) ?? throw new OtlpException(
                    $"node.otlp.headersFile: {path}: line {i + 1} is not a header. Write name: value."));
        }
        return headers;
    }

    /// <summary>The only authorities that may have issued the collector's certificate; null: those that this machine
    /// trusts.</summary>
    /// <exception cref="OtlpException">The file cannot be read, or has no certificate.</exception>
    internal X509Certificate2Collection? ReadAuthorities()
    {
        if (settings.CaFile is not { } path)
            return null;
        var authorities = Read("caFile", path, static p =>
        {
            var read = new X509Certificate2Collection();
            read.ImportFromPemFile(p);
            return read;
        });
        return authorities.Count > 0 ? authorities : throw new OtlpException(
            $"node.otlp.caFile: {path}: the file has no certificate in PEM format (-----BEGIN CERTIFICATE-----).");
    }

    private static KeyValuePair<string, string>? Parse(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            return null;
        var header = KeyValuePair.Create(line[..colon].Trim(), line[(colon + 1)..].Trim());
        using var request = new HttpRequestMessage();
        try
        {
            // The rules of RFC 9110, sections 5.1 and 5.5.
            request.Headers.Add(header.Key, header.Value);
            return header;
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static T Read<T>(string key, string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new OtlpException($"node.otlp.{key}: {path}: {e.Message}", e);
        }
    }

    private static FileIdentity? Of(string? path) => path is null ? null : FileIdentity.Of(path);
}
