using System.Collections.Immutable;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>Writes the result of checking a configuration.</summary>
public static class ConfigCheckReport
{
    /// <summary>Writes errors and warnings to <paramref name="error"/>, one line each, and a summary line: to
    /// <paramref name="output"/> if there are no errors, otherwise to <paramref name="error"/>.</summary>
    /// <param name="file">Name of the document in the lines.</param>
    /// <param name="result">The result of reading it.</param>
    /// <param name="offline">True if the checks against this machine were skipped.</param>
    /// <param name="hostErrors">How many of the errors come from the checks against this machine.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    public static void WriteText(
        string file, ConfigurationResult result, bool offline, int hostErrors, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        foreach (var (severity, issue) in InDocumentOrder(result))
            error.WriteLine(issue.Format(file, severity));
        string warnings = result.Warnings.IsEmpty ? "" : $", {Count(result.Warnings.Length, "warning")}";
        string notChecked = offline ? "; not checked against this machine (--offline)" : "";
        if (result.Configuration is not { } configuration)
        {
            string ofHost = hostErrors == 0 ? "" : $" ({hostErrors} against this machine, which --offline skips)";
            error.WriteLine($"{file}: {Count(result.Errors.Length, "error")}{ofHost}{warnings}{notChecked}");
            return;
        }
        int servers = configuration.Pools.Sum(p => p.Servers.Length);
        output.WriteLine(
            $"{file}: ok: {Count(configuration.VirtualServices.Length, "virtual service")}, "
            + $"{Count(configuration.Pools.Length, "pool")}, {Count(servers, "real server")}{warnings}{notChecked}");
    }

    /// <summary>Writes one JSON object: file, valid, errors, warnings.</summary>
    public static void WriteJson(string file, ConfigurationResult result, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine(JsonSerializer.Serialize(ConfigurationCheck.Of(file, result),
            ApiJson.Indented.ConfigurationCheck));
    }

    private static IEnumerable<(string Severity, ConfigurationIssue Issue)> InDocumentOrder(
        ConfigurationResult result) =>
        Labelled("error", result.Errors).Concat(Labelled("warning", result.Warnings))
            .OrderBy(i => i.Issue.Line).ThenBy(i => i.Issue.Column);

    private static IEnumerable<(string Severity, ConfigurationIssue Issue)> Labelled(
        string severity, ImmutableArray<ConfigurationIssue> issues) => issues.Select(issue => (severity, issue));

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
