using System.Diagnostics;
using Sidestep.Agent.Input;
using Sidestep.Api;
using Sidestep.Api.Access;

namespace Sidestep.Agent.Enrolment;

/// <summary>Runs <c>join</c>: gets a certificate from a director that has invited this host, and starts the
/// agent.</summary>
/// <param name="write">Receives what was done, a line at a time.</param>
internal sealed class JoinAction(Action<string> write)
{
    private const string Unit = "sidestep-agent.service";

    /// <summary>How many hexadecimal digits a SHA-256 has.</summary>
    private const int FingerprintLength = 64;

    private static readonly string[] UnitFolders =
        ["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"];

    /// <summary>Joins a director.</summary>
    /// <param name="url">The director's API.</param>
    /// <param name="token">The token of the invitation.</param>
    /// <param name="stateDirectory">The agent's state directory.</param>
    /// <param name="starts">Whether to start the agent's systemd unit.</param>
    /// <exception cref="ProblemsException">The URL or the token is wrong.</exception>
    /// <exception cref="AgentException">The director did not accept the request.</exception>
    public void Run(string url, string token, string stateDirectory, bool starts)
    {
        var problems = new List<Problem>();
        if (!Uri.TryCreate(url, UriKind.Absolute, out var director) || director.Scheme != Uri.UriSchemeHttps)
        {
            problems.Add(new Problem("URL", url, "is not the URL of a director's API",
                "Write it as in https://10.0.0.2:7443."));
        }
        int stop = token.LastIndexOf('.');
        if (stop < 0 || token.Length - stop - 1 != FingerprintLength)
        {
            problems.Add(new Problem("token", "", "is missing or incomplete",
                "Pass it on standard input, as sidestep agent invite prints it: echo TOKEN | sidestep-agent join "
                    + "URL."));
        }
        ProblemsException.ThrowIfAny(problems);
        using var key = new AgentKey();
        var issued = Enrol(director!, token[(stop + 1)..], new EnrolmentRequest(token[..stop], key.Request));
        new EnrolmentFolder(stateDirectory).Write(new EnrolledDirector(director!, issued.Server, issued.Certificate,
            key.Pem, issued.Authorities));
        write($"{issued.Server} has joined {director!.Authority}.");
        if (starts && UnitFolders.Any(static f => File.Exists(Path.Combine(f, Unit)))
            && Directory.Exists("/run/systemd/system"))
        {
            Systemctl("enable", Unit);
            Systemctl("reload-or-restart", Unit);
            write($"{Unit} is running.");
        }
        else
            write("Start the agent: sidestep-agent run. A running agent reads its directors again after SIGHUP.");
    }

    private static IssuedCertificate Enrol(Uri director, string fingerprint, EnrolmentRequest request)
    {
        try
        {
            using var client = DirectorClient.OfFingerprint(director, fingerprint);
            return client.EnrolAsync(request, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (DirectorException e) when (e.Problem is { } problem)
        {
            throw new AgentException(problem.Detail, "Nothing was changed on this host.");
        }
        catch (DirectorException e)
        {
            throw new AgentException(e.Message, "Check the URL, and that the director's node.api listens there. If the "
                + "director has a new certificate since the invitation, invite the agent again.");
        }
    }

    private static void Systemctl(string command, string unit)
    {
        var start = new ProcessStartInfo("systemctl") { RedirectStandardError = true };
        start.ArgumentList.Add(command);
        start.ArgumentList.Add(unit);
        using var process = Process.Start(start)
            ?? throw new AgentException("systemctl cannot be started", $"Run it yourself: systemctl {command} {unit}.");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new AgentException($"systemctl {command} {unit} failed: {error.Trim()}",
                $"The host has joined. See journalctl -u {unit}, and run the command again.");
        }
    }
}
