using System.Globalization;
using System.Runtime.Versioning;
using Sidestep.Agent;
using Sidestep.Agent.Host;
using Sidestep.Cli;
using Sidestep.Daemon;
using Sidestep.ManPages;

[assembly: SupportedOSPlatform("linux")]

if (args is not [var folder, var date])
{
    Console.Error.WriteLine("usage: Sidestep.ManPages FOLDER YYYY-MM-DD");
    return 2;
}
var day = DateOnly.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture);
ManPage[] pages =
[
    new("sidestep", 1, "direct server return load balancing", SidestepCommand.Create())
    {
        Environment =
        [
            ("SIDESTEP_CONTEXT", "The context that commands use: a director of another machine, see sidestep login."),
            ("VISUAL, EDITOR", "The editor of sidestep edit."),
            ("NO_COLOR", "No colors, also on a terminal."),
        ],
        Files = [("~/.config/sidestep/contexts.json", "The contexts, with their tokens.")],
        SeeAlso = ["sidestepd(8)", "sidestep-agent(8)"],
    },
    new("sidestepd", 8, "director of direct server return load balancing", DaemonCommand.Create())
    {
        ExitCodes =
        [
            ("0", "Ended by SIGTERM or SIGINT."),
            ("1", "The start failed, or the arguments are wrong: the log says why."),
        ],
        Files =
        [
            ("/etc/sidestep/sidestep.yaml", "The configuration that the unit sidestepd.service has."),
            ("/var/lib/sidestep", "Users, tokens, certificates of agents, overrides and the audit log."),
            ("/sys/fs/bpf/sidestep", "Pinned programs and maps, which forward while no daemon runs."),
        ],
        SeeAlso = ["sidestep(1)", "sidestep-agent(8)", "bpf(2)"],
    },
    new("sidestep-agent", 8, "agent of a real server behind a Sidestep director",
        AgentCommands.Create(new LinuxPlatform(), TextWriter.Null, TextWriter.Null))
    {
        ExitCodes =
        [
            ("0", "Success."), ("1", "A condition or an action failed."),
            ("2", "The request is invalid, and nothing was changed."),
        ],
        Files =
        [
            ("/var/lib/sidestep-agent", "The previous state of the host, and the directors that the host has joined."),
        ],
        SeeAlso = ["sidestep(1)", "sidestepd(8)"],
    },
];
foreach (var page in pages)
    File.WriteAllText(Path.Combine(folder, $"{page.Name}.{page.Section}"), page.Write(day));
return 0;
