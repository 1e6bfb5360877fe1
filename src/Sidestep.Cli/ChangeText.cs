using System.Globalization;
using Sidestep.Api.Configurations;

namespace Sidestep.Cli;

/// <summary>Writes a change of the configuration for people.</summary>
internal static class ChangeText
{
    /// <summary>Writes a sentence, the values that differ, warnings, and the plan of a dry run.</summary>
    internal static void Write(ChangeReport report, TextWriter output)
    {
        output.WriteLine(FormattableString.Invariant(Sentence(report)));
        WriteValues(report.Values, output);
        if (report.OmittedValues > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  and {report.OmittedValues} more"));
        foreach (var warning in report.Warnings)
            output.WriteLine($"warning: {IssueText.Of(warning)}");
        if (report.InForce == false)
            output.WriteLine("not in force: the director cannot apply it and tries again; sidestep status says why");
        if (report.Plan is { } plan)
            new PlanText(plan).Write(output);
    }

    /// <summary>Writes a line for each value: its path, its value before and after.</summary>
    internal static void WriteValues(IEnumerable<ValueChange> values, TextWriter output)
    {
        foreach (var value in values)
        {
            output.WriteLine(value switch
            {
                { Before: null } => $"  + {value.Path}: {value.After}",
                { After: null } => $"  - {value.Path}: {value.Before}",
                _ => $"  ~ {value.Path}: {value.Before} -> {value.After}",
            });
        }
    }

    private static string Count(int values) => values == 1 ? "1 value"
        : string.Create(CultureInfo.InvariantCulture, $"{values} values");

    private static FormattableString Sentence(ChangeReport report)
    {
        int values = report.Values.Length + report.OmittedValues;
        return report switch
        {
            { Changed: false } => $"nothing changes: revision {report.Revision} has this configuration",
            { Plan: not null } => $"not applied (dry run): {Count(values)} would change",
            _ => $"revision {report.Revision}: {Count(values)} changed",
        };
    }
}
