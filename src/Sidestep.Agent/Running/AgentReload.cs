using Sidestep.Agent.Input;

namespace Sidestep.Agent.Running;

/// <summary>What SIGHUP does: reads the files again that the options name. Options change with a restart
/// only.</summary>
/// <remarks>The agent asks the directors again at once, also if it was waiting for its next attempt.</remarks>
internal sealed class AgentReload(AgentService agent, Request request, RunOptions options, TimeProvider time,
    ILogger log)
{
    public void Run()
    {
        if (request.SpecFile is { } path)
        {
            log.SpecFileReread(path);
            agent.ReadSpecFile();
            return;
        }
        var problems = new List<Problem>();
        if (DirectorSource.Connect(request, options, problems, time, log) is { } directors)
        {
            agent.Use(directors);
            log.CertificatesReloaded();
        }
        foreach (var problem in problems)
            log.CertificatesInvalid(problem.ToLine());
    }
}
