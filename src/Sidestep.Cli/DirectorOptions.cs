using System.CommandLine;
using System.CommandLine.Parsing;
using Sidestep.Cli.Contexts;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>The options that select a director.</summary>
public sealed class DirectorOptions
{
    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description = "The director's configuration file; only node.name and node.pinPath are used.",
    };
    private readonly Option<string> _name = new("--name")
    {
        Description = "node.name.",
        DefaultValueFactory = _ => "director",
    };
    private readonly Option<string> _pinPath = new("--pin-path")
    {
        Description = "node.pinPath.",
        DefaultValueFactory = _ => "/sys/fs/bpf/sidestep",
    };

    private readonly ContextOption _context;

    /// <summary>Adds the options to a command.</summary>
    public DirectorOptions(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Add(_config);
        command.Add(_name);
        command.Add(_pinPath);
        _context = new ContextOption(command);
        command.Validators.Add(result =>
        {
            if (_context.IsGiven(result) && HasLocal(o => result.GetResult(o)))
                result.AddError("--context names a director of another machine: leave out --config, --name and "
                    + "--pin-path");
        });
    }

    /// <summary>The selected director; null if the file or the context cannot be used, which was reported.</summary>
    public DirectorTarget? Read(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        if (!_context.TryRead(parsed, HasLocal(o => parsed.GetResult(o)), out var context))
            return null;
        if (context is not null)
            return DirectorTarget.Of(context);
        return parsed.GetValue(_config) is { } file
            ? FromFile(file, parsed.InvocationConfiguration.Error)
            : new DirectorTarget(parsed.GetValue(_name)!, parsed.GetValue(_pinPath)!);
    }

    /// <summary>The selected director; without options and context, the one that a configuration names.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="configuration">The text of the configuration. If it has errors, the defaults of the options
    /// apply.</param>
    public DirectorTarget? Read(ParseResult parsed, string configuration)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        if (!_context.TryRead(parsed, HasLocal(o => parsed.GetResult(o)), out var context))
            return null;
        return context is null && !HasLocal(o => parsed.GetResult(o))
            && ConfigurationReader.Read(configuration, null).Configuration?.Node is { } node
            ? DirectorTarget.Of(node) : Read(parsed);
    }

    /// <summary>True if an option names a director of this machine.</summary>
    private bool HasLocal(Func<Option, OptionResult?> resultOf) =>
        new Option[] { _config, _name, _pinPath }.Any(o => resultOf(o) is { Implicit: false });

    /// <summary>Reports that there is no such director.</summary>
    /// <returns><see cref="ExitCode.Failed"/>.</returns>
    public static int Missing(DirectorTarget director, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(director);
        ArgumentNullException.ThrowIfNull(error);
        error.WriteLine(
            $"error: no director '{director.Name}' is pinned under {director.PinPath}. Start sidestepd, or select "
            + "another director with --config, --name and --pin-path.");
        return ExitCode.Failed;
    }

    private static DirectorTarget? FromFile(string file, TextWriter error)
    {
        var read = ConfigurationFile.Read(file);
        if (read.Text is null)
        {
            error.WriteLine($"{read.Name}: error: {read.Problem}");
            return null;
        }
        var result = ConfigurationReader.Read(read.Text, null);
        foreach (var issue in result.Errors)
            error.WriteLine(issue.Format(read.Name, "error"));
        if (result.Configuration is null)
            error.WriteLine($"{read.Name}: you can still select the running director with --name and --pin-path.");
        return result.Configuration is { } configuration ? DirectorTarget.Of(configuration.Node) : null;
    }
}
