using System.Text.Json;
using Sidestep.Api;

namespace Sidestep.Agent.Input;

/// <summary>A local file of duties: the JSON that a director would send.</summary>
internal static class SpecFile
{
    private const int MaxBytes = ApiPaths.LongestBody;

    /// <summary>Null, with a problem that names the place, when it cannot be used.</summary>
    public static ServerSpec? Read(string path, List<Problem> problems)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.Length > MaxBytes)
            {
                problems.Add(new Problem(OptionsReader.SpecOption, path, $"has {bytes.Length} bytes, and duties have at most {MaxBytes}", "Name the right file."));
                return null;
            }
            return Parse(bytes);
        }
        catch (JsonException e)
        {
            problems.Add(new Problem(OptionsReader.SpecOption, path, $"cannot be read at {e.Path ?? "its beginning"}, line {e.LineNumber + 1}: {e.Message}",
                "Correct it: docs/real-server.md has an example."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(OptionsReader.SpecOption, path, e.Message, "Name a file that can be read."));
        }
        return null;
    }

    /// <exception cref="JsonException">It is not the JSON of duties.</exception>
    public static ServerSpec Parse(ReadOnlySpan<byte> text) =>
        Complete(JsonSerializer.Deserialize(text, ApiJson.Default.ServerSpec) ?? throw new JsonException("null in the place of duties"));

    /// <summary>With the defaults for what was left out, which the reader of JSON does not put there.</summary>
    public static ServerSpec Complete(ServerSpec spec) => spec with
    {
        Director = spec.Director ?? "",
        DirectorVersion = spec.DirectorVersion ?? "",
        Directors = spec.Directors.IsDefault ? [] : spec.Directors,
        ReportIntervalMilliseconds = spec.ReportIntervalMilliseconds > 0 ? spec.ReportIntervalMilliseconds : new ServerSpec().ReportIntervalMilliseconds,
        Services = spec.Services.IsDefault ? [] : [.. spec.Services.Select(static s => s with
        {
            Name = s.Name ?? "",
            Vips = s.Vips.IsDefault ? [] : s.Vips,
            Protocol = s.Protocol ?? "any",
            Ports = s.Ports.IsDefaultOrEmpty ? ["any"] : s.Ports,
            Dsr = s.Dsr ?? DsrTypes.Layer2,
            OuterSources = s.OuterSources.IsDefault ? [] : s.OuterSources,
        })],
    };

    public static byte[] Write(ServerSpec spec) => JsonSerializer.SerializeToUtf8Bytes(spec, ApiJson.Default.ServerSpec);
}
