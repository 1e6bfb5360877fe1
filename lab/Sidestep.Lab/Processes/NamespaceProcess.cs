using System.Diagnostics;
using Sidestep.Lab.Network;

namespace Sidestep.Lab.Processes;

/// <summary>A long-running process of the lab: in a namespace, in a session of its own, with its output in a log
/// file.</summary>
internal sealed class NamespaceProcess : IDisposable
{
    // `setsid`, so that Ctrl-C at the terminal reaches only the lab, which then ends its processes in order.
    // The shell redirects and is then replaced, so the id of the child is the id of the program.
    private const string ToLog = "log=$1; shift; exec setsid \"$@\" >>\"$log\" 2>&1 </dev/null";
    private const string ErrorsToLog = "log=$1; shift; exec setsid \"$@\" 2>>\"$log\"";

    private NamespaceProcess(Process process, string log)
    {
        Process = process;
        Log = log;
        Identity = ProcessIdentity.Of(process.Id)
            ?? throw new LabException($"A process ended immediately after its start; see {log}.");
    }

    public Process Process { get; }

    public ProcessIdentity Identity { get; }

    public string Log { get; }

    /// <param name="piped">True: standard input and output are pipes to the lab, and only standard error goes to the
    /// log.</param>
    public static NamespaceProcess Start(NetworkNamespace ns, IReadOnlyList<string> command, string log,
        bool piped = false)
    {
        // The file exists from the beginning, so that a reader need not wait for it.
        File.AppendAllText(log, "");
        // All three are redirected in any case, so that .NET does not reset the terminal's mode, which the live view
        // needs, for a child that might use the terminal. What the shell redirects itself leaves its pipe unused.
        var start = new ProcessStartInfo("sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        foreach (var argument in (string[])["-c", piped ? ErrorsToLog : ToLog, "sh", log, .. ns.Enter(command)])
            start.ArgumentList.Add(argument);
        return new NamespaceProcess(Process.Start(start)!, log);
    }

    /// <summary>The last lines of a log, for an error message.</summary>
    public static string Tail(string log, int lines = 5)
        => string.Join('\n', File.ReadLines(log).Where(l => l.Length > 0).TakeLast(lines));

    public void Dispose() => Process.Dispose();
}
