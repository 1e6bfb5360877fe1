using System.CommandLine;
using Sidestep.Agent.Actions;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Native;

namespace Sidestep.Agent;

/// <summary>The command line: options, exit codes, and how errors are told.</summary>
internal static class AgentCommands
{
    /// <summary>Exit codes: all good; something is wrong or failed; the request cannot be carried out as it stands.</summary>
    private const int Good = 0, Bad = 1, Unusable = 2;

    private static readonly Option<string[]> Vip = new("--vip") { Description = "VIP (IPv4); once per VIP", HelpName = "address" };

    private static readonly Option<string[]> Interface = new("--interface")
    {
        Description = "Interface that the director's packets come in by; once per interface. Default: those that a default route leaves by, else all that are up",
        HelpName = "name",
    };

    private static readonly Option<string?> Decapsulate = new("--decapsulate")
    {
        Description = "Take the outer header off (layer-3 DSR): ipip",
        HelpName = "kind",
    };

    private static readonly Option<string[]> Director = new("--director")
    {
        Description = "Address that encapsulated packets are accepted from; once per director",
        HelpName = "address",
    };

    private static readonly Option<string> StateDirectory = new("--state-dir")
    {
        Description = "Where the agent notes what was there before",
        HelpName = "directory",
        DefaultValueFactory = static _ => Request.DefaultStateDirectory,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object" };

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var apply = new Command("apply", "Make this host a fit real server for exactly the VIPs named; VIPs, interfaces and directors of an earlier apply that are not named again are taken back")
        {
            Vip, Interface, Decapsulate, Director, StateDirectory,
        };
        apply.SetAction(p => Guard(error, null, () =>
        {
            var result = new ApplyAction(output.WriteLine).Run(RequestOf(p));
            TextReport.Write(result, output);
            return result.IsFit ? Good : Bad;
        }));
        var verify = new Command("verify", "Say whether this host is a fit real server; without options, for what was last applied")
        {
            Vip, Interface, Decapsulate, Director, StateDirectory, Json,
        };
        verify.SetAction(p => Guard(error, p.GetValue(Json) ? output : null, () =>
        {
            var result = VerifyAction.Run(RequestOf(p));
            if (p.GetValue(Json))
                JsonReport.Write(result, output);
            else
                TextReport.Write(result, output);
            return result.IsFit ? Good : Bad;
        }));
        var remove = new Command("remove", "Restore what was there before; with --vip, take back these VIPs only") { Vip, StateDirectory };
        remove.SetAction(p => Guard(error, null, () =>
        {
            new RemoveAction(output.WriteLine).Run(new Request { Vips = p.GetValue(Vip) ?? [], StateDirectory = p.GetValue(StateDirectory)! });
            return Good;
        }));
        var parsed = new RootCommand("Makes a host fit to be a real server behind a Sidestep director") { apply, verify, remove }.Parse(args);
        var code = parsed.Invoke();
        return parsed.Errors.Count > 0 ? Unusable : code;
    }

    private static Request RequestOf(ParseResult parsed) => new()
    {
        Vips = parsed.GetValue(Vip) ?? [],
        Interfaces = parsed.GetValue(Interface) ?? [],
        Decapsulate = parsed.GetValue(Decapsulate),
        Directors = parsed.GetValue(Director) ?? [],
        StateDirectory = parsed.GetValue(StateDirectory)!,
    };

    private static int Guard(TextWriter error, TextWriter? json, Func<int> action)
    {
        try
        {
            return action();
        }
        catch (ProblemsException e)
        {
            if (json is not null)
                JsonReport.Write(e.Problems, json);
            foreach (var problem in e.Problems)
                error.WriteLine(problem);
            return Unusable;
        }
        catch (AgentException e)
        {
            return Failed(e.Message, e.Cure);
        }
        // The rest is the kernel's answer, or an interface that vanished while it was looked at.
        catch (Exception e) when (e is NativeException or IOException or UnauthorizedAccessException)
        {
            return Failed(e.Message, "If something was changed up to here, it is noted: 'sidestep-agent remove' restores it, 'sidestep-agent apply' tries again.");
        }

        int Failed(string message, string cure)
        {
            if (json is not null)
                JsonReport.Write([new Problem("failed", "", message, cure)], json);
            error.WriteLine($"error: {message}\n       {cure}");
            return Bad;
        }
    }
}
