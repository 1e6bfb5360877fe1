using System.CommandLine;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>The options that select a director of this machine.</summary>
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

    /// <summary>Adds the options to a command.</summary>
    public DirectorOptions(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Add(_config);
        command.Add(_name);
        command.Add(_pinPath);
    }

    /// <summary>The selected director; null if the file cannot be used, which was reported.</summary>
    public NodeSettings? Read(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.GetValue(_config) is { } file
            ? FromFile(file, parsed.InvocationConfiguration.Error)
            : new()
            {
                Name = parsed.GetValue(_name)!,
                PinPath = parsed.GetValue(_pinPath)!,
                Interfaces = [],
            };
    }

    /// <summary>The selected director; without options, the one that a configuration names.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="configuration">The text of the configuration. If it has errors, the defaults of the options
    /// apply.</param>
    public NodeSettings? Read(ParseResult parsed, string configuration)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        Option[] options = [_config, _name, _pinPath];
        bool isSelected = options.Any(o => parsed.GetResult(o) is { Implicit: false });
        return (isSelected ? null : ConfigurationReader.Read(configuration, null).Configuration?.Node) ?? Read(parsed);
    }

    /// <summary>Reports that there is no such director.</summary>
    /// <returns><see cref="ExitCode.Failed"/>.</returns>
    public static int Missing(NodeSettings director, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(director);
        ArgumentNullException.ThrowIfNull(error);
        error.WriteLine(
            $"error: no director '{director.Name}' is pinned under {director.PinPath}. Start sidestepd, or select "
            + "another director with --config, --name and --pin-path.");
        return ExitCode.Failed;
    }

    private static NodeSettings? FromFile(string file, TextWriter error)
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
        return result.Configuration?.Node;
    }
}
