using System.Text.Json;
using Sidestep.Api;

namespace Sidestep.Agent.Input;

/// <summary>A local file with the spec of this server: the same JSON that a director sends.</summary>
internal static class SpecFile
{
    private const int MaxBytes = ApiPaths.LongestBody;

    /// <returns>Null, with a problem that gives the place in the file, when the file cannot be used.</returns>
    public static ServerSpec? Read(string path, List<Problem> problems)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.Length <= MaxBytes)
                return Parse(bytes);
            problems.Add(new Problem(OptionsReader.SpecOption, path,
                $"has {bytes.Length} bytes, and a spec has at most {MaxBytes}", "Name the right file."));
        }
        catch (JsonException e)
        {
            problems.Add(new Problem(OptionsReader.SpecOption, path,
                $"is invalid at {e.Path ?? "its beginning"}, line {e.LineNumber + 1}: {e.Message}",
                "Correct it: docs/real-server.md has an example."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(OptionsReader.SpecOption, path, e.Message, "Name a file that can be read."));
        }
        return null;
    }

    /// <exception cref="JsonException">The text is not the JSON of a spec.</exception>
    public static ServerSpec Parse(ReadOnlySpan<byte> text) =>
        Complete(JsonSerializer.Deserialize(text, ApiJson.Default.ServerSpec)
            ?? throw new JsonException("null instead of a spec"));

    /// <summary>Adds the defaults of missing values, which the JSON reader leaves null or uninitialised.</summary>
    public static ServerSpec Complete(ServerSpec spec) => spec with
    {
        Director = spec.Director ?? "",
        DirectorVersion = spec.DirectorVersion ?? "",
        Directors = spec.Directors.IsDefault ? [] : spec.Directors,
        ReportIntervalMilliseconds = spec.ReportIntervalMilliseconds > 0
            ? spec.ReportIntervalMilliseconds : new ServerSpec().ReportIntervalMilliseconds,
        Services = spec.Services.IsDefault ? [] : [.. spec.Services.Select(Complete)],
    };

    public static byte[] Write(ServerSpec spec) =>
        JsonSerializer.SerializeToUtf8Bytes(spec, ApiJson.Default.ServerSpec);

    private static ServiceSpec Complete(ServiceSpec service) => service with
    {
        Name = service.Name ?? "",
        Vips = service.Vips.IsDefault ? [] : service.Vips,
        Protocol = service.Protocol ?? "any",
        Ports = service.Ports.IsDefaultOrEmpty ? ["any"] : service.Ports,
        Dsr = service.Dsr ?? DsrTypes.Layer2,
        OuterSources = service.OuterSources.IsDefault ? [] : service.OuterSources,
    };
}
