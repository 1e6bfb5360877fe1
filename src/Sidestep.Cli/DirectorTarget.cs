using Sidestep.Cli.Contexts;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>The director that a command is for: one of this machine, or the one of a context.</summary>
/// <param name="Name">Its name; for a context, the name of the context.</param>
/// <param name="PinPath">Where it pins its state on this machine; without meaning for a context.</param>
public sealed record DirectorTarget(string Name, string PinPath)
{
    /// <summary>The context; null: the director is on this machine.</summary>
    public DirectorContext? Context { get; init; }

    /// <summary>The settings that a director of this machine is found by.</summary>
    public NodeSettings Node => new() { Name = Name, PinPath = PinPath, Interfaces = [] };

    /// <summary>The director on this machine that a configuration describes.</summary>
    public static DirectorTarget Of(NodeSettings node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return new DirectorTarget(node.Name, node.PinPath);
    }

    /// <summary>The director of a context.</summary>
    public static DirectorTarget Of(DirectorContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new DirectorTarget(context.Name, "") { Context = context };
    }
}
