using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;

namespace Sidestep.ManPages;

/// <summary>A manual page of a program, from the tree of its commands. What the tree does not have is in the
/// properties.</summary>
/// <param name="Name">Name of the program.</param>
/// <param name="Section">Section of the manual: 1 or 8.</param>
/// <param name="Summary">What the program is, in a few words.</param>
/// <param name="Root">The commands.</param>
internal sealed record ManPage(string Name, int Section, string Summary, RootCommand Root)
{
    /// <summary>Variables of the environment, and their meanings.</summary>
    internal ImmutableArray<(string Name, string Text)> Environment { get; init; } = [];

    /// <summary>Exit codes; empty: each command has its own, in its description.</summary>
    internal ImmutableArray<(string Name, string Text)> ExitCodes { get; init; } = [];

    /// <summary>Files, and what they are for.</summary>
    internal ImmutableArray<(string Name, string Text)> Files { get; init; } = [];

    /// <summary>Other pages, such as <c>sidestepd(8)</c>.</summary>
    internal ImmutableArray<string> SeeAlso { get; init; } = [];

    /// <summary>The page in the language of man(7).</summary>
    /// <param name="date">The day of the sources.</param>
    internal string Write(DateOnly date)
    {
        var roff = new RoffText();
        roff.Title(Name, Section, date, $"Sidestep {typeof(ManPage).Assembly.GetName().Version!.ToString(3)}");
        roff.Heading("NAME");
        roff.Line($"{Name} \u2013 {Summary}");
        roff.Heading("SYNOPSIS");
        roff.Usage(Name, UsageOf(Root));
        roff.Heading("DESCRIPTION");
        roff.Line(Root.Description ?? "");
        WriteParameters(roff, Root);
        if (Root.Subcommands.Any(static c => !c.Hidden))
        {
            roff.Heading("COMMANDS");
            foreach (var command in Root.Subcommands)
                WriteCommand(roff, command, Name);
        }
        WriteTerms(roff, "ENVIRONMENT", Environment);
        WriteTerms(roff, "EXIT STATUS", ExitCodes);
        WriteTerms(roff, "FILES", Files);
        roff.Heading("SEE ALSO");
        roff.Line(string.Join(", ", SeeAlso));
        return roff.ToString();
    }

    private static void WriteCommand(RoffText roff, Command command, string prefix)
    {
        if (command.Hidden)
            return;
        string name = $"{prefix} {command.Name}";
        // A command with commands of its own does nothing without them.
        if (command.Subcommands.Count == 0)
        {
            roff.Subheading(name);
            roff.Usage(name, UsageOf(command));
            roff.Paragraph(command.Description ?? "");
            WriteParameters(roff, command);
        }
        foreach (var child in command.Subcommands)
            WriteCommand(roff, child, name);
    }

    private static void WriteParameters(RoffText roff, Command command)
    {
        foreach (var argument in command.Arguments.Where(static a => !a.Hidden))
            roff.Term(argument.Name.ToUpperInvariant(), argument.Description ?? "");
        foreach (var option in command.Options.Where(static o => !o.Hidden))
            roff.Term(NamesOf(option), TextOf(option));
    }

    private static void WriteTerms(RoffText roff, string heading, ImmutableArray<(string Name, string Text)> terms)
    {
        if (terms.IsEmpty)
            return;
        roff.Heading(heading);
        foreach (var (name, text) in terms)
            roff.Term(name, text);
    }

    private static string UsageOf(Command command)
    {
        var parts = command.Arguments.Where(static a => !a.Hidden).Select(static a =>
            a.Arity.MinimumNumberOfValues == 0 ? $"[{a.Name.ToUpperInvariant()}]" : a.Name.ToUpperInvariant());
        string rest = command.Subcommands.Count > 0 && command.Action is null ? " COMMAND" : "";
        return string.Join(' ', parts.Append(command.Options.Count > 0 ? "[OPTION...]" : "")).Trim() + rest;
    }

    private static string NamesOf(Option option)
    {
        // The forms of Windows do not belong here.
        var names = option.Aliases.Append(option.Name).Where(static n => n.StartsWith('-')).Distinct()
            .OrderBy(static n => n.Length);
        string value = option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? ""
            : " " + (option.HelpName ?? option.Name.TrimStart('-')).ToUpperInvariant();
        return string.Join(", ", names) + value;
    }

    private static string TextOf(Option option)
    {
        string text = option.Description ?? "";
        if (!option.HasDefaultValue || option.ValueType == typeof(bool))
            return text;
        string value = Convert.ToString(option.GetDefaultValue(), CultureInfo.InvariantCulture) ?? "";
        return value.Length == 0 ? text : $"{text.TrimEnd('.')}. Default: {value}.";
    }
}
